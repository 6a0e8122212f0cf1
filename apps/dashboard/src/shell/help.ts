/** Keys, and the words and formulas that stand on the screens. */
export const shortcuts: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Move',
    keys: [
      ['j | k', 'next, previous exception (also arrows)'],
      ['Enter', 'open it'],
      ['Esc', 'drop the selection, close the detail'],
      ['.', 'show the new ones'],
      ['/', 'find in the queue'],
    ],
  },
  {
    title: 'Act',
    keys: [
      ['a', 'acknowledge'],
      ['o', 'assign to an owner'],
      ['w', 'start work'],
      ['s', 'snooze until'],
      ['r', 'resolve, with a note'],
      ['d', 'dismiss, with a reason'],
      ['c', 'comment'],
      ['e', 'reopen what is closed'],
      ['u', 'undo, within ten seconds'],
    ],
  },
  {
    title: 'Select',
    keys: [
      ['x', 'select or deselect'],
      ['J | K', 'extend the selection'],
      ['Ctrl A', 'select all'],
    ],
  },
  {
    title: 'Go',
    keys: [
      ['Ctrl K', 'search or jump'],
      ['g t', 'Tower'],
      ['g p', 'Plan versus actual'],
      ['g f', 'Feeds'],
      ['g d', 'Dead letters'],
      ['g m', 'Demo'],
      ['?', 'this sheet'],
    ],
  },
];

export interface Term {
  term: string;
  means: string;
  formula?: string;
}

export const glossary: readonly { title: string; terms: readonly Term[] }[] = [
  {
    title: 'Figures',
    terms: [
      { term: 'Plan', means: 'The committed plan version: what was agreed to sell, spread over products, places and hours. It never changes once committed; every exception names the version it was compared with.' },
      { term: 'Plan attainment', means: 'How much of the plan is met. A surplus in one family, region or day does not hide a shortfall in another.', formula: 'Σ min(actual, plan) / Σ plan, for the time that has passed' },
      { term: 'Variance', means: 'How far actual stands from plan; + is above, − is below. Percentages are of plan, never of last week.', formula: 'actual − expected; in % of expected' },
      { term: 'Expected', means: 'What the plan says for exactly this window, by weekday and hour.' },
      { term: 'Expected range', means: 'Where actual lies in 80 % of cases if the plan is right. Sales scatter: a dot outside now and then is no news.' },
      { term: 'Projection', means: 'Where the period will end: what has been sold, plus the rest of the plan at the rate now believed, with its 10 % and 90 % bounds.' },
      { term: 'Sensed rate', means: 'What demand is believed to be now as a multiple of plan, with its 80 % range. In the queue it is the dot with its bar; the thin line is plan.', formula: 'θ̂ = (n₀ + actual) / (n₀ + expected), older days counting less' },
      { term: 'Value at risk', means: 'What the exception is expected to cost if nobody acts, in currency: margin on sales that cannot be served, or stock held and marked down.' },
      { term: 'Priority', means: 'What to look at first.', formula: 'probability × value at risk / time left to act' },
    ],
  },
  {
    title: 'Why it fired',
    terms: [
      { term: 'Evidence (statistic)', means: 'How strongly the sales speak against the plan: how much likelier what happened is under a change than under the plan, over all possible beginnings. The colour of a row’s edge: the fuller, the surer.', formula: 'Shiryaev–Roberts mixture; shown as 1 in N' },
      { term: 'Threshold', means: 'What the evidence must pass. It follows from the false-alarm budget and the value of the series, not from a percentage.', formula: 'expected false alarms by day T ≤ T / c' },
      { term: 'Probability', means: 'How likely it is that this is real, after the evidence.', formula: 'p = πS / (1 + πS), π how often such changes happen' },
      { term: 'Tolerance', means: 'What lies within plan ± tolerance is no news, however sure: ±25 % for a product in a store, ±15 % for a product, ±5 to 10 % for a family.' },
      { term: 'Dispersion', means: 'How much more sales scatter than pure chance would make them. Learned for each series.', formula: 'variance = μ + αμ²' },
      { term: 'Silence probability', means: 'How likely it is that a store’s feed has failed, given how long nothing came and how much was due.', formula: 'from k·ln(1 + Λ/k), Λ sales expected since the last' },
      { term: 'Children (evidence)', means: 'Series below the exception that moved with it. One cause is one exception; its children are shown inside it.' },
      { term: 'What moved it', means: 'How the variance is made up of its parts. Shares can pass 100 % where parts offset one another.' },
    ],
  },
  {
    title: 'Kinds',
    terms: [
      { term: 'Demand surge', means: '▲ Sells above plan beyond tolerance, and too much for chance.' },
      { term: 'Demand drop', means: '▼ Sells below plan beyond tolerance.' },
      { term: 'No sales (zero run)', means: '▼ A product that should sell does not sell at all: out of stock, off the shelf, or stock that exists only in the books.' },
      { term: 'Silent feed', means: '■ A store sends nothing although sales are due. What depends on it is frozen, so that silence never reads as a drop, nor as recovery.' },
    ],
  },
  {
    title: 'Statuses',
    terms: [
      { term: 'Open', means: 'Raised; nobody has said that they saw it.' },
      { term: 'Acknowledged', means: 'Somebody has seen it (“seen” in the queue).' },
      { term: 'In progress', means: 'Somebody works on it.' },
      { term: 'Snoozed', means: 'Out of the queue until an instant; it goes on being evaluated and comes back by itself.' },
      { term: 'Resolved', means: 'Dealt with, by a person, with a note.' },
      { term: 'Cleared, recovered', means: 'Back on plan by itself: as much evidence for recovery as it took to say so.' },
      { term: 'Dismissed', means: 'Not worth acting on, with the reason.' },
      { term: 'Reopened (“again”)', means: 'Fired again within seven days, or taken up again by a person.' },
    ],
  },
  {
    title: 'How fresh',
    terms: [
      { term: 'The tower’s time', means: 'Time is an event: up to this instant everything has been counted. In the demo it runs faster than the clock on the wall.' },
      { term: 'Behind', means: 'How old the figures on the page are on average.' },
      { term: 'Stale since', means: 'Nothing was heard since then; live figures are dimmed until something is.' },
    ],
  },
];
