// A chart of the groups that are chosen on the stage of the lens.

import { chosen } from "./answers_state.js";
import Chart from "./chart.js";

export default class AnswersChart extends Chart {
  get parameters() {
    return chosen(this.state, this.run);
  }
}
