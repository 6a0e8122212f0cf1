/** How a region trades: which weekdays, which local hours. All its locations keep to it, as the plan's profile does. */
export interface Trading {
  name: string;
  weekday: readonly number[];
  /** First and last local hour with sales (the last one is sold through). */
  open: number;
  close: number;
  /** Share of demand in the evening against noon. */
  evening: number;
}

export interface RegionRange {
  name: string;
  zone: string;
  trading: Trading;
  /** City and size; 1 is an average location. */
  cities: readonly (readonly [code: string, city: string, size: number])[];
}

const HIGH_STREET: Trading = {
  name: 'high street',
  weekday: [0.9, 0.9, 0.95, 1, 1.15, 1.3, 0.8],
  open: 8,
  close: 19,
  evening: 0.7,
};
const CITY: Trading = { name: 'city', weekday: [1, 1, 1, 1.05, 1.15, 1.2, 0.6], open: 7, close: 21, evening: 1 };
const NO_SUNDAY: Trading = {
  name: 'no Sunday',
  weekday: [1, 1, 1, 1.05, 1.2, 1.4, 0],
  open: 8,
  close: 19,
  evening: 0.8,
};
const MARKET: Trading = {
  name: 'market town',
  weekday: [0.8, 0.95, 1.05, 1, 1.15, 1.35, 0],
  open: 8,
  close: 18,
  evening: 0.55,
};
const LATE: Trading = {
  name: 'late opening',
  weekday: [0.9, 0.95, 1, 1, 1.1, 1.2, 0.9],
  open: 8,
  close: 21,
  evening: 1.1,
};
const NORDIC: Trading = {
  name: 'nordic',
  weekday: [0.95, 0.95, 1, 1, 1.2, 1.15, 0.8],
  open: 7,
  close: 20,
  evening: 0.9,
};

/** "HEL Helsinki 1.6, …": code, city, size. */
const cities = (text: string): [code: string, city: string, size: number][] =>
  text.split(', ').map((entry) => {
    const words = entry.split(' ');
    return [words[0]!, words.slice(1, -1).join(' '), Number(words.at(-1))];
  });

/** Where the demo retailer trades: 40 cities in six regions and three time zones. */
export const REGIONS: readonly RegionRange[] = [
  {
    name: 'North',
    zone: 'Europe/Helsinki',
    trading: NORDIC,
    cities: cities(
      'HEL Helsinki 1.6, ESP Espoo 1.1, TMP Tampere 1.1, TKU Turku 0.9, OUL Oulu 0.8, LAH Lahti 0.6, ROV Rovaniemi 0.5',
    ),
  },
  {
    name: 'West',
    zone: 'Europe/London',
    trading: HIGH_STREET,
    cities: cities(
      'LON London 1.9, MAN Manchester 1.3, BRS Bristol 1, LDS Leeds 1, EDI Edinburgh 1, CDF Cardiff 0.8, BHM Birmingham 1.2',
    ),
  },
  {
    name: 'Centre',
    zone: 'Europe/Paris',
    trading: CITY,
    cities: cities(
      'PAR Paris 2, ORL Orléans 0.8, TRS Tours 0.8, DIJ Dijon 0.8, REI Reims 0.8, LEM Le Mans 0.7, BGS Bourges 0.5',
    ),
  },
  {
    name: 'East',
    zone: 'Europe/Paris',
    trading: NO_SUNDAY,
    cities: cities(
      'STR Strasbourg 1.3, MTZ Metz 0.8, NCY Nancy 0.9, MUL Mulhouse 0.8, COL Colmar 0.6, BES Besançon 0.7',
    ),
  },
  {
    name: 'South-West',
    zone: 'Europe/Paris',
    trading: MARKET,
    cities: cities(
      'BOR Bordeaux 1.3, TLS Toulouse 1.4, PAU Pau 0.7, BAY Bayonne 0.7, LRH La Rochelle 0.8, AGN Agen 0.5',
    ),
  },
  {
    name: 'South',
    zone: 'Europe/Paris',
    trading: LATE,
    cities: cities(
      'MRS Marseille 1.5, NCE Nice 1.2, MPL Montpellier 1.1, LYS Lyon 1.6, TLN Toulon 0.8, NIM Nîmes 0.7, AVN Avignon 0.7',
    ),
  },
];
