import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What the tests read of deploy/compose.yaml, with YAML's merges done. */
export interface Service {
  image?: string;
  command?: string[];
  environment?: Record<string, string>;
  profiles?: string[];
  deploy?: { replicas?: number };
}

export const root = process.cwd();
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

export const composeServices = (): Record<string, Service> => (parse(text('deploy/compose.yaml'), { merge: true }) as { services: Record<string, Service> }).services;

export interface Image {
  /** [from the build, to the image], relative to the working directory. */
  copies: [string, string][];
  environment: Record<string, string>;
  /** Command of the health check. */
  health: string[];
}

/** The last stage of deploy/Dockerfile: what gets into the image. */
export function lastStage(): Image {
  const stage = text('deploy/Dockerfile').split(/^FROM /m).at(-1)!.replaceAll('\\\n', ' ');
  const copies = [...stage.matchAll(/^COPY --from=\w+ \/app\/(\S+) (\S+)$/gm)].map(([, from, to]) => [from!, to!] as [string, string]);
  const environment = Object.fromEntries([...(/^ENV (.*)$/m.exec(stage)?.[1] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
  const health = JSON.parse(/^HEALTHCHECK .*?CMD (\[.*\])$/m.exec(stage)![1]!) as string[];
  return { copies, environment, health };
}

export const alertRules = (): { alert: string; expr: string }[] =>
  (parse(text('deploy/prometheus/alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }).groups.flatMap(({ rules }) => rules);

export const scrapeJobs = (): { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[] =>
  (parse(text('deploy/prometheus/prometheus.yml')) as { scrape_configs: ReturnType<typeof scrapeJobs> }).scrape_configs;

export const dashboardExpressions = (): string[] =>
  (JSON.parse(text('deploy/grafana/dashboards/plumbline.json')) as { panels: { targets: { expr: string }[] }[] }).panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Metric names of an expression in Prometheus' language. */
export const metricsOf = (expression: string): string[] => expression.match(/\b(?:plumbline|process|nodejs)_\w+/g) ?? [];
