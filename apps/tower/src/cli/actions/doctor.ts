import { PlumblineError } from '@plumbline/kernel';
import { processLogger, readConfig, type Config } from '@plumbline/runtime';
import { plural } from '../amounts.ts';
import type { Call } from '../call.ts';
import { failed, failure, ok, reportOf, type Finding } from '../doctor/finding.ts';
import { apiFinding, clockFinding, dataFinding, diskFinding, kafkaSuiteFindings, nodeFinding } from '../doctor/machine.ts';
import { towerFindings } from '../doctor/tower.ts';
import { EXIT } from '../exit.ts';
import { progressOn } from '../progress.ts';
import { padded } from '../table.ts';
import { wrap, type Terminal, type Tone } from '../terminal.ts';

const TONES: Readonly<Record<Finding['level'], Tone>> = { ok: 'good', warning: 'warning', failed: 'alert' };
const LEVEL_WIDTH = 7;
const CHECK_WIDTH = 13;

/** `plumbline doctor`: everything is looked at, whatever fails before; exit code 1 when something failed. */
export async function doctor(call: Call): Promise<number> {
  const findings: Finding[] = [];
  const progress = progressOn(call.terminal, { told: false });
  const say = (finding: Finding): void => {
    findings.push(finding);
    progress.end();
    if (!call.json) call.terminal.print(...findingLines(call.terminal, finding));
    progress.phase('checking');
  };
  const config = configuration(call.env, say);
  say(nodeFinding());
  say(clockFinding(Date.now()));
  if (config) {
    say(dataFinding(config));
    say(diskFinding(config));
    await towerFindings(config, processLogger('error', 'doctor'), say);
    say(await apiFinding(config).catch((error: unknown) => failure('API', error)));
  }
  for (const finding of await kafkaSuiteFindings()) say(finding);
  progress.end();
  const report = reportOf(findings);
  if (call.json) call.terminal.json(report);
  else call.terminal.print('', verdict(findings));
  return report.ok ? EXIT.ok : EXIT.failed;
}

function configuration(env: Call['env'], say: (finding: Finding) => void): Config | undefined {
  try {
    const config = readConfig(env);
    say(ok('configuration', `${config.log} log, ${config.storeUrl === '' ? 'embedded database' : 'database server'}, demo ${config.demo ? 'on' : 'off'}`));
    return config;
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    say(failed('configuration', error.message, error.fix ?? 'Correct it.'));
    return undefined;
  }
}

function findingLines(terminal: Terminal, { check, level, detail, fix }: Finding): string[] {
  const indent = ' '.repeat(LEVEL_WIDTH + CHECK_WIDTH + 4);
  const room = terminal.width - indent.length;
  const lines = [...detail.split('\n').flatMap((line) => wrap(line, room)), ...(fix === undefined ? [] : wrap(`→ ${fix}`, room, '  '))];
  const start = `${terminal.tone(TONES[level], padded(level, LEVEL_WIDTH))}  ${padded(check, CHECK_WIDTH)}  `;
  return lines.map((line, i) => (i === 0 ? start : indent) + line);
}

function verdict(findings: readonly Finding[]): string {
  const number = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const bad = number('failed');
  const warnings = number('warning') === 0 ? '' : `, ${plural(number('warning'), 'warning')}`;
  return bad === 0 ? `All is well${warnings}.` : `${plural(bad, 'check')} failed${warnings}: see what to do above.`;
}
