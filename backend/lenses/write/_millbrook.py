"""A made-up case at a district court, and a summary of it; free to ship."""

DOCUMENT = (
    "In March 2011 four tenants of the Harrow Street building in Millbrook sued the city housing "
    "office in the district court. They said that the heating had been broken for two winters "
    "and that the office had ignored forty written complaints.\n"
    "The tenants asked the court to order the repair of the boiler and to pay each family 2,000 "
    "dollars. They were represented by the Lakeside Legal Clinic, which worked without a fee.\n"
    "The city answered that the boiler belonged to a private company, Norton Heating, and that "
    "the city could not enter the cellar without the company's consent. It asked Judge Amara "
    "Osei to dismiss the case.\n"
    "On 9 June 2011 Judge Osei refused to dismiss the case. She wrote that the lease named the "
    "city as landlord and that a landlord must keep a home warm whoever owns the boiler.\n"
    "The parties then talked for five months with the help of a mediator, a retired school "
    "principal called Bernard Fox. In November they reached a settlement.\n"
    "Under the settlement the city bought a new boiler before the first of January, paid 1,500 "
    "dollars to each family, and promised to answer every complaint within ten days. The court "
    "kept control of the case for three years.\n"
    "A monitor visited the building twice a year and wrote six reports. The last report, in "
    "December 2014, found that all radiators worked, and the case was closed."
)

SUMMARY = (
    "In March 2011 four tenants of the Harrow Street building sued the city housing office "
    "because the heating had been broken for two winters. The Lakeside Legal Clinic represented "
    "them without a fee and asked for a repair and 2,000 dollars for each family. The city said "
    "that the boiler belonged to Norton Heating and asked the court to dismiss the case. Judge "
    "Amara Osei refused, because the lease named the city as landlord. With the help of the "
    "mediator Bernard Fox the parties settled in November. The city bought a new boiler, paid "
    "1,500 dollars to each family, and promised to answer complaints within ten days. A monitor "
    "wrote six reports, and the case was closed in December 2014."
)
