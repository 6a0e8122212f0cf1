/** The demo retailer's product range: 12 families and how their products are named, priced and bought. */
export interface FamilyRange {
  name: string;
  /** Prefix of its SKU numbers. */
  prefix: string;
  unit: 'each' | 'kg';
  /** How many of the 400 SKUs it has. */
  count: number;
  /** Names, comma-separated; a product is a stem in a variant. */
  stems: string;
  variants: string;
  /** Lowest and highest plan price, euros. */
  price: readonly [low: number, high: number];
  /** Average sales lines a day of one SKU in one location of average size. */
  lines: number;
  /** Mean units (or kilograms) on a sales line. */
  unitsPerLine: number;
  /** Day frailty of a series: variance of daily lines = μ + alpha·μ². */
  alpha: number;
  /** Relative demand Monday … Sunday, multiplied by the region's. */
  weekday: readonly number[];
  /** Hour (local) around which demand gathers, and how narrowly: 0 = as the region's opening hours. */
  peakHour: number;
  peakSharpness: number;
  /** Relative demand January … December. */
  season: readonly number[];
}

const EVEN = [1, 1, 1, 1, 1, 1, 1];
const WEEKEND = [0.85, 0.85, 0.9, 1, 1.2, 1.35, 0.95];
const WORKDAYS = [1.1, 1.1, 1.1, 1.05, 1, 0.75, 0.5];
const SATURDAY = [0.7, 0.75, 0.85, 0.95, 1.2, 1.7, 1];
const LEVEL = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
const WINTER = [1.4, 1.2, 0.95, 0.75, 0.6, 0.5, 0.5, 0.6, 1, 1.3, 1.5, 1.6];
const SUMMER = [0.85, 0.85, 0.9, 1, 1.1, 1.25, 1.3, 1.25, 1.05, 0.95, 0.85, 0.95];
const GIFTS = [0.75, 0.75, 0.8, 0.9, 0.9, 0.95, 0.95, 0.9, 0.95, 1.1, 1.5, 2];

const HOT_DRINKS = [1.1, 1.1, 1, 1, 0.9, 0.85, 0.85, 0.85, 1, 1.05, 1.1, 1.2];
const SCHOOL = [1.1, 1, 1, 0.95, 0.95, 0.9, 0.8, 1.2, 1.5, 1, 0.95, 0.9];

export const RANGE: readonly FamilyRange[] = [
  {
    name: 'Bakery',
    prefix: '10',
    unit: 'each',
    count: 36,
    price: [0.9, 4.6],
    lines: 6,
    unitsPerLine: 1.6,
    alpha: 0.12,
    stems:
      'Baguette, Sourdough loaf, Croissant, Rye bread, Cinnamon bun, Wholemeal loaf, Brioche, Bread rolls, Apple tart, Focaccia, Bagel, Pain au chocolat',
    variants: 'classic, organic, seeded',
    weekday: WEEKEND,
    peakHour: 9,
    peakSharpness: 0.35,
    season: LEVEL,
  },
  {
    name: 'Dairy',
    prefix: '11',
    unit: 'each',
    count: 36,
    price: [0.85, 5.9],
    lines: 5.5,
    unitsPerLine: 1.7,
    alpha: 0.1,
    stems:
      'Whole milk, Semi-skimmed milk, Natural yoghurt, Salted butter, Cheddar, Brie, Crème fraîche, Cottage cheese, Kefir, Mozzarella, Skyr, Double cream',
    variants: 'small, family, organic',
    weekday: WEEKEND,
    peakHour: 17,
    peakSharpness: 0.12,
    season: LEVEL,
  },
  {
    name: 'Fresh meals',
    prefix: '12',
    unit: 'each',
    count: 33,
    price: [3.2, 8.9],
    lines: 3.5,
    unitsPerLine: 1.2,
    alpha: 0.2,
    stems:
      'Chicken salad, Lasagne, Sushi box, Falafel wrap, Tomato soup, Caesar wrap, Vegetable curry, Quiche, Pasta pesto, Poke bowl, Club sandwich',
    variants: 'single, large, veggie',
    weekday: WORKDAYS,
    peakHour: 12,
    peakSharpness: 0.6,
    season: LEVEL,
  },
  {
    name: 'Coffee and tea',
    prefix: '13',
    unit: 'each',
    count: 33,
    price: [2.4, 11.5],
    lines: 2.8,
    unitsPerLine: 1.3,
    alpha: 0.15,
    stems:
      'Espresso beans, Ground coffee, Coffee capsules, Decaf coffee, Earl Grey, English breakfast tea, Green tea, Peppermint tea, Rooibos, Instant coffee, Cold brew',
    variants: '250 g, 500 g, fair trade',
    weekday: EVEN,
    peakHour: 10,
    peakSharpness: 0.1,
    season: HOT_DRINKS,
  },
  {
    name: 'Produce',
    prefix: '14',
    unit: 'kg',
    count: 36,
    price: [0.99, 7.9],
    lines: 6.5,
    unitsPerLine: 0.62,
    alpha: 0.14,
    stems:
      'Apples, Bananas, Tomatoes, Potatoes, Carrots, Onions, Oranges, Grapes, Courgettes, Peppers, Mushrooms, Pears',
    variants: 'loose, organic, local',
    weekday: WEEKEND,
    peakHour: 17,
    peakSharpness: 0.12,
    season: LEVEL,
  },
  {
    name: 'Drinks',
    prefix: '15',
    unit: 'each',
    count: 36,
    price: [0.7, 9.8],
    lines: 4.5,
    unitsPerLine: 2.1,
    alpha: 0.18,
    stems:
      'Sparkling water, Still water, Orange juice, Apple juice, Cola, Lemonade, Iced tea, Alcohol-free beer, Tonic water, Ginger ale, Oat drink, Smoothie',
    variants: '0.5 l, 1 l, six-pack',
    weekday: WEEKEND,
    peakHour: 16,
    peakSharpness: 0.12,
    season: SUMMER,
  },
  {
    name: 'Baby',
    prefix: '16',
    unit: 'each',
    count: 30,
    price: [1.3, 24.9],
    lines: 1.3,
    unitsPerLine: 1.5,
    alpha: 0.15,
    stems:
      'Nappies, Baby wipes, Carrot purée, Apple purée, Infant formula, Baby shampoo, Bottle set, Rice cakes, Night nappies, Teething ring',
    variants: 'newborn, size 3, value pack',
    weekday: EVEN,
    peakHour: 11,
    peakSharpness: 0.06,
    season: LEVEL,
  },
  {
    name: 'Household',
    prefix: '17',
    unit: 'each',
    count: 36,
    price: [1.1, 13.9],
    lines: 2,
    unitsPerLine: 1.3,
    alpha: 0.12,
    stems:
      'Dishwasher tablets, Laundry liquid, Kitchen roll, Toilet tissue, Bin liners, All-purpose cleaner, Washing-up liquid, Sponges, Glass cleaner, Fabric softener, Candles, Foil',
    variants: 'standard, eco, value pack',
    weekday: WEEKEND,
    peakHour: 15,
    peakSharpness: 0.06,
    season: LEVEL,
  },
  {
    name: 'Outerwear',
    prefix: '18',
    unit: 'each',
    count: 30,
    price: [29, 149],
    lines: 0.35,
    unitsPerLine: 1.05,
    alpha: 0.25,
    stems:
      'Rain jacket, Wool coat, Down jacket, Parka, Fleece, Softshell, Trench coat, Gilet, Denim jacket, Windbreaker',
    variants: "women's, men's, children's",
    weekday: SATURDAY,
    peakHour: 15,
    peakSharpness: 0.15,
    season: WINTER,
  },
  {
    name: 'Footwear',
    prefix: '19',
    unit: 'each',
    count: 30,
    price: [19, 119],
    lines: 0.4,
    unitsPerLine: 1.05,
    alpha: 0.25,
    stems:
      'Running shoes, Trainers, Ankle boots, Sandals, Slippers, Rain boots, Loafers, Hiking boots, Canvas shoes, Winter boots',
    variants: "women's, men's, children's",
    weekday: SATURDAY,
    peakHour: 15,
    peakSharpness: 0.15,
    season: LEVEL,
  },
  {
    name: 'Toys',
    prefix: '20',
    unit: 'each',
    count: 32,
    price: [4.9, 59],
    lines: 0.7,
    unitsPerLine: 1.15,
    alpha: 0.3,
    stems:
      'Building blocks, Wooden train, Jigsaw puzzle, Board game, Soft bear, Toy car, Doll, Modelling clay, Kite, Card game, Science kit',
    variants: 'mini, classic, deluxe',
    weekday: SATURDAY,
    peakHour: 15,
    peakSharpness: 0.12,
    season: GIFTS,
  },
  {
    name: 'Office',
    prefix: '21',
    unit: 'each',
    count: 32,
    price: [0.8, 29],
    lines: 0.8,
    unitsPerLine: 1.8,
    alpha: 0.2,
    stems:
      'Notebook, Ballpoint pens, Printer paper, Highlighters, Sticky notes, Stapler, Folders, Envelopes, Desk lamp, Markers, Calendar',
    variants: 'A5, A4, set of 10',
    weekday: WORKDAYS,
    peakHour: 11,
    peakSharpness: 0.1,
    season: SCHOOL,
  },
];
