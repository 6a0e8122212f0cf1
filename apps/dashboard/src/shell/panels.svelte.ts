/** What lies over the page, and what a page tells the frame around it. */
class Panels {
  palette = $state(false);
  help = $state(false);
  /** New exceptions that wait to be looked at. */
  fresh = $state(0);
}

export const panels = new Panels();
