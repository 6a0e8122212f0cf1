/** Numbers as the screen shows them: tabular, signed where they are a variance, a narrow no-break space before a unit. */
const NARROW = '\u202f';
const MINUS = '\u2212';

const locale = 'en-GB';
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });

const minus = (text: string): string => text.replace('-', MINUS);

/** 1,325 units. Exact decimals travel as text; below ten a fraction is kept (0.35 kg). */
export function quantity(value: string | number): string {
  const number = Number(value);
  return minus((Math.abs(number) < 10 ? fine : whole).format(number));
}

/** A variance: +64 or −1,176; 0 has no sign. */
export function signed(value: string | number): string {
  const text = quantity(value);
  return Number(value) > 0 ? `+${text}` : text;
}

/** 38.2 → "38 %"; small ones keep a digit. @param digits fraction digits */
export function percent(value: number, digits = 0): string {
  return `${minus(value.toFixed(digits).replace(/^-(0(?:\.0+)?)$/, '$1'))}${NARROW}%`;
}

/** −38.2 → "−38 %", 64 → "+64 %"; beyond +999 % as a multiple: "×12". */
export function signedPercent(value: number): string {
  if (value >= 999) return `×${whole.format(value / 100 + 1)}`;
  return (Math.round(value) > 0 ? '+' : '') + percent(value);
}

/** €3.2k, €48k, €1.3m: short, for columns. The exact value belongs in the title: see moneyExact. */
export function money(value: string | number, currency: string | null): string {
  const number = Number(value);
  const symbol = currency ? symbolOf(currency) : '';
  const size = Math.abs(number);
  const [scaled, suffix] = size >= 999_500 ? [size / 1e6, 'm'] : size >= 999.5 ? [size / 1e3, 'k'] : [size, ''];
  const digits = suffix !== '' && scaled < 99.95 ? 1 : 0;
  return `${number < 0 ? MINUS : ''}${symbol}${scaled.toFixed(digits)}${suffix}`;
}

/** €3,180.40: to the cent. */
export function moneyExact(value: string | number, currency: string | null): string {
  if (!currency) return quantity(value);
  return minus(new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(value)));
}

function symbolOf(currency: string): string {
  const parts = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0);
  return parts.find((part) => part.type === 'currency')?.value ?? currency;
}

/** "1 in 410,000" from the natural logarithm of a statistic. */
export function odds(lnStatistic: number): string {
  const value = Math.exp(Math.min(lnStatistic, 700));
  if (value > 1e9) return `1 in 10${superscript(Math.round(Math.log10(value)))}`;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(value, 1))) - 1);
  return `1 in ${whole.format(Math.max(1, Math.round(value / step) * step))}`;
}

function superscript(exponent: number): string {
  return [...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
}
