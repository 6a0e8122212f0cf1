/** An entry of a menu. `checked` makes it one of several states. */
export interface MenuEntry {
  label: string;
  run: () => void;
  shortcut?: string;
  checked?: boolean;
  disabled?: boolean;
  /** A line above it. */
  apart?: boolean;
}
