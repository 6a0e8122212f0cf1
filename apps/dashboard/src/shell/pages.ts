/** Pages of the tower: their places in the navigation, and the second key after `g`. */
export interface Page {
  href: string;
  title: string;
  key: string;
  /** Only where the demo retailer runs. */
  demo?: true;
}

export const pages: readonly Page[] = [
  { href: '/', title: 'Tower', key: 't' },
  { href: '/plan', title: 'Plan versus actual', key: 'p' },
  { href: '/feeds', title: 'Feeds', key: 'f' },
  { href: '/dead-letters', title: 'Dead letters', key: 'd' },
  { href: '/demo', title: 'Demo', key: 'm', demo: true },
];

export const titleOf = (path: string): string => {
  if (path.startsWith('/exceptions/')) return decodeURIComponent(path.slice('/exceptions/'.length));
  return pages.find(({ href }) => href === path)?.title ?? 'Plumbline';
};
