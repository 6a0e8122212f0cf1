import { live } from '#live/live.svelte.ts';
import { viewer } from '#live/viewer.svelte.ts';

export const ssr = false;
export const prerender = false;

/** The tower answers while the rest of the page is still being fetched and drawn. */
export function load(): { disconnect: () => void } {
  if (viewer.name !== null) live.introduce(viewer.name);
  return { disconnect: live.start() };
}
