/** Sales regions of the countries in UCI Online Retail. */
const regions: Record<string, string> = {
  'United Kingdom': 'United Kingdom',
  EIRE: 'Ireland and islands',
  'Channel Islands': 'Ireland and islands',
  Germany: 'Germany, Austria, Switzerland',
  Austria: 'Germany, Austria, Switzerland',
  Switzerland: 'Germany, Austria, Switzerland',
  France: 'France and Benelux',
  Belgium: 'France and Benelux',
  Netherlands: 'France and Benelux',
  Spain: 'Southern Europe',
  Portugal: 'Southern Europe',
  Italy: 'Southern Europe',
  Greece: 'Southern Europe',
  Cyprus: 'Southern Europe',
  Malta: 'Southern Europe',
  Norway: 'Nordics and Baltics',
  Sweden: 'Nordics and Baltics',
  Denmark: 'Nordics and Baltics',
  Finland: 'Nordics and Baltics',
  Iceland: 'Nordics and Baltics',
  Lithuania: 'Nordics and Baltics',
};

export const regionOfCountry = (country: string): string => regions[country] ?? 'Rest of the world';
