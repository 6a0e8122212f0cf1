/** Lets the plain type checker read index.ts; svelte-check knows the components' real props. */
declare module '*.svelte' {
  import type { Component } from 'svelte';
  const component: Component<Record<string, unknown>>;
  export default component;
}
