import type { ExceptionPage, PlanVersionSummary } from '@plumbline/contracts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A plain page until the dashboard takes its place: that the tower runs, and what is open. */
export function homePage({ items, next }: ExceptionPage, plan: PlanVersionSummary | undefined): string {
  const list = items.map(({ id, headline }) => `<li><a href="/api/v1/exceptions/${encodeURIComponent(id)}">${escaped(id)}</a> ${escaped(headline)}</li>`).join('\n');
  const open = items.length === 0 ? '<p>No exception is open.</p>' : `<p>Open exceptions, by priority${next === null ? '' : ' (the first of them)'}:</p>\n<ol>\n${list}\n</ol>`;
  const compared = plan ? `Compared with plan ${escaped(plan.name)} (${escaped(plan.id)}).` : 'No plan is in force yet.';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Plumbline</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}</style></head>
<body>
<h1>Plumbline is running</h1>
<p>${compared}</p>
${open}
<p><a href="/api/docs">API</a> · <a href="/api/v1/status">Status</a> · <a href="/health/ready">Health</a> · <a href="/metrics">Metrics</a></p>
</body>
</html>
`;
}
