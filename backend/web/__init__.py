"""What the browser fetches: routes beside those of Streamlit."""
