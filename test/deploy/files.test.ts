import { validate } from 'dockerfile-utils';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeServices, lastStage, root, scrapeJobs } from './compose.ts';

describe('deploy/', () => {
  it('has a compose file that fits its schema and its linter', () => {
    const linter = join(root, 'node_modules/dclint/bin/dclint.cjs');
    const run = spawnSync(process.execPath, [linter, '--config', 'deploy/.dclintrc.json', '--max-warnings', '0', 'deploy/compose.yaml'], { cwd: root, encoding: 'utf8' });
    expect([run.stdout + run.stderr, run.status]).toEqual([expect.not.stringMatching(/error|warning/), 0]);
  });

  it('has a Dockerfile without faults, which runs as an ordinary user', () => {
    const dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');
    expect(validate(dockerfile).map(({ message }) => message)).toEqual([]);
    expect(dockerfile.split(/^FROM /m).at(-1)).toMatch(/^USER node$/m);
    expect(lastStage().health[0]).toBe('node');
  });

  it('pins every image', () => {
    const services = Object.entries(composeServices());
    const floating = services.filter(([, { image }]) => image !== 'plumbline' && !/:v?\d+\.\d+\.\d+(-pg\d+)?$/.test(image ?? ''));
    expect(floating).toEqual([]);
  });

  it('asks every process of ours for its figures, and no other', () => {
    const asked = new Map(scrapeJobs().flatMap(({ dns_sd_configs }) => dns_sd_configs.flatMap(({ names, port }) => names.map((name) => [name, port] as const))));
    const ours = Object.entries(composeServices()).filter(([, { image }]) => image === 'plumbline');
    expect([...asked.keys()].toSorted()).toEqual(ours.map(([name]) => name).toSorted());
    for (const [name, { environment, command }] of ours) {
      expect([name, asked.get(name)]).toEqual([name, name === 'api' ? 7070 : Number(environment?.PLUMBLINE_METRICS_PORT)]);
      expect(existsSync(join(root, command![1]!)), `${name}: ${command![1]}`).toBe(true);
    }
  });
});
