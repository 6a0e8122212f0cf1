import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '@plumbline/kernel';

/** Version of Apache Kafka that is started, and of its Scala build. */
export const KAFKA_VERSION = '4.1.2';
const START_TIMEOUT_MS = 60_000;
const CLUSTER_ID = 'cGx1bWJsaW5lLXRlc3RzAA';

export interface KafkaOptions {
  /** Where the log segments live; kept at `stop()`. Absent: a throw-away folder, removed at `stop()`. */
  dataDir?: string;
  /** Java heap, for example `512m` (the default). */
  heap?: string;
  /** Lets the JVM optimise fully: for benchmarks; starting then takes twice as long. */
  forSpeed?: boolean;
  /** Broker settings on top of ours (`server.properties` names). */
  brokerConfig?: Record<string, string>;
}

/** A running broker. With `KAFKA_BROKERS` set it is the cluster named there, which `stop()` leaves alone. */
export interface KafkaServer {
  readonly brokers: string[];
  /** True when the cluster is not ours: it cannot be killed or restarted. */
  readonly external: boolean;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** Starts again on the same ports and data (after `kill()`, or in place of a running one, which is killed first). */
  restart(): Promise<void>;
  /** Ends the process and removes its throw-away data. Safe to call twice. */
  stop(): Promise<void>;
}

/** True when a broker can be had: `KAFKA_BROKERS` names one, or Java 17 or later is on the path. */
export function javaAvailable(): boolean {
  return Boolean(process.env.KAFKA_BROKERS) || Number.parseInt(javaVersion(), 10) >= 17;
}

/** For example `17.0.15`; empty when there is no Java. */
function javaVersion(): string {
  const answer = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return /version "([^"]+)/.exec(answer.stderr ?? '')?.[1] ?? '';
}

/**
 * Starts one Kafka process (KRaft, broker and controller) on free loopback ports and waits until it serves.
 * The process ends when this one does, however it ends.
 * @throws PlumblineError 'kafka-jars' (jars cannot be resolved), 'kafka-start' (with the last lines of its log)
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const existing = process.env.KAFKA_BROKERS;
  if (existing) return externalKafka(existing.split(',').map((address) => address.trim()));
  const lib = kafkaJars();
  const classes = join(cacheFolder(), `kafka-${KAFKA_VERSION}-java-${javaVersion()}.jsa`);
  if (!existsSync(classes)) await archiveClasses(lib, classes);
  const flags = [`-XX:SharedArchiveFile=${classes}`, ...(options.forSpeed ? [] : ['-XX:TieredStopAtLevel=1'])];
  return startBroker(lib, flags, options);
}

async function startBroker(lib: string, flags: string[], options: KafkaOptions): Promise<LocalKafka> {
  const home = mkdtempSync(join(tmpdir(), 'plumbline-kafka-'));
  const data = options.dataDir ?? join(home, 'data');
  const heap = options.heap ?? '512m';
  try {
    for (let attempt = 1; ; attempt++) {
      const ports = await freePorts(2);
      const launch: Launch = { lib, home, ports, flags: [`-Xms${heap}`, `-Xmx${heap}`, ...flags] };
      writeConfig(launch, data, options.brokerConfig ?? {});
      formatStorage(launch, data);
      try {
        return new LocalKafka(launch, await launchBroker(launch));
      } catch (error) {
        // Between finding a free port and binding it another process may take it.
        if (attempt >= 3 || !logTail(home).includes('Address already in use')) throw error;
      }
    }
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Loading Kafka's classes is most of a start. They are archived once, by a broker that is started and ended in good
 * order; later starts map the archive and take half the processor time.
 */
async function archiveClasses(lib: string, archive: string): Promise<void> {
  const draft = `${archive}.${process.pid}`;
  const server = await startBroker(
    lib,
    [`-XX:ArchiveClassesAtExit=${draft}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off'],
    {},
  );
  await server.end();
  await server.stop();
  if (existsSync(draft)) renameSync(draft, archive);
}

interface Launch {
  lib: string;
  home: string;
  flags: string[];
  /** Client port, controller port. */
  ports: number[];
}

/** The JVM and the shell that watches over it. */
interface Broker {
  watcher: ChildProcess;
  pid: number;
}

class LocalKafka implements KafkaServer {
  readonly external = false;
  readonly brokers: string[];
  private stopped = false;

  constructor(
    private readonly launch: Launch,
    private broker: Broker | undefined,
  ) {
    this.brokers = [`127.0.0.1:${launch.ports[0]}`];
  }

  async kill(): Promise<void> {
    const broker = this.broker;
    this.broker = undefined;
    if (broker) await endBroker(broker);
  }

  /** Ends in good order. */
  async end(): Promise<void> {
    if (this.broker) await endBroker(this.broker, 'TERM');
    this.broker = undefined;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.broker = await launchBroker(this.launch);
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.kill();
    rmSync(this.launch.home, { recursive: true, force: true });
  }
}

function externalKafka(brokers: string[]): KafkaServer {
  const refuse = (): Promise<void> =>
    Promise.reject(
      new PlumblineError('kafka-external', 'the cluster named by KAFKA_BROKERS is not ours to stop', {
        where: brokers.join(','),
        fix: 'unset KAFKA_BROKERS to let the test start its own broker',
      }),
    );
  return { brokers, external: true, kill: refuse, restart: refuse, stop: () => Promise.resolve() };
}

/**
 * Runs the JVM under a shell that kills it when its own input ends. The input is a pipe from this process, so the
 * JVM goes even when this process is killed and cannot clean up; the folder is then removed as well. A signal to the
 * whole group (Ctrl-C) is left to this process to answer.
 */
async function launchBroker(launch: Launch): Promise<Broker> {
  const script =
    'trap : INT TERM HUP; "$@" </dev/null >"$FOLDER/broker.log" 2>&1 & pid=$!; echo $pid; ' +
    'read -r signal || rm=yes; kill -${signal:-9} $pid 2>/dev/null; wait $pid; [ -z "$rm" ] || rm -rf "$FOLDER"';
  rmSync(join(launch.home, 'broker.log'), { force: true });
  const java = ['java', ...jvmFlags(launch), 'kafka.Kafka', join(launch.home, 'server.properties')];
  const watcher = spawn('sh', ['-c', script, 'kafka', ...java], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, FOLDER: launch.home },
  });
  const pid = await firstLine(watcher);
  const broker = { watcher, pid: Number(pid) };
  try {
    await untilServing(launch, broker);
  } catch (error) {
    await endBroker(broker);
    throw error;
  }
  // A forgotten broker must not keep the test process from ending; the pipe then closes and the watcher ends it.
  watcher.unref();
  for (const stream of [watcher.stdin, watcher.stdout]) (stream as unknown as { unref?: () => void }).unref?.();
  return broker;
}

function jvmFlags(launch: Launch): string[] {
  return [
    ...launch.flags,
    '-XX:+UseSerialGC',
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(launch.home, 'log4j2.properties')}`,
    '-cp',
    join(launch.lib, '*'),
  ];
}

async function untilServing(launch: Launch, broker: Broker): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!logTail(launch.home).includes('Kafka Server started')) {
    if (!alive(broker.pid) || Date.now() > deadline) {
      throw new PlumblineError('kafka-start', `Kafka did not start:\n${logTail(launch.home)}`, {
        where: `127.0.0.1:${launch.ports[0]}`,
        fix: 'check the lines above; Java 17 and about 1 GB of free memory are needed',
      });
    }
    await sleep(25);
  }
}

/** The watcher sends the signal and reaps the process; until then it counts as alive, because it may be a zombie. */
async function endBroker(broker: Broker, signal: 'KILL' | 'TERM' = 'KILL'): Promise<void> {
  broker.watcher.stdin?.end(`${signal}\n`);
  while (alive(broker.pid)) await sleep(10);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new PlumblineError('kafka-start', 'the shell that starts Kafka ended')));
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
}

function logTail(home: string): string {
  const file = join(home, 'broker.log');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-30).join('\n') : '';
}

function writeConfig(launch: Launch, data: string, overrides: Record<string, string>): void {
  const [client, controller] = launch.ports;
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': data,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Short, because after a SIGKILL the controller refuses the broker until its former session has ended.
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
    'controller.quorum.election.timeout.ms': '200',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',
    'auto.create.topics.enable': 'false',
    'log.retention.check.interval.ms': '1000',
    'log.initial.task.delay.ms': '1000',
    'log.cleaner.enable': 'false',
    ...overrides,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(launch.home, 'server.properties'), `${lines.join('\n')}\n`);
  writeFileSync(join(launch.home, 'log4j2.properties'), LOGGING);
}

const LOGGING = `status = ERROR
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
`;

/**
 * Formatting writes two small files that depend on the version only, because the voters are in the configuration.
 * They are made once and copied: a JVM start less each time.
 */
function formatStorage(launch: Launch, data: string): void {
  if (existsSync(join(data, 'meta.properties'))) return;
  const template = join(cacheFolder(), `kafka-${KAFKA_VERSION}-storage`);
  if (!existsSync(template)) {
    const config = join(launch.home, 'format.properties');
    const formatted = join(launch.home, 'formatted');
    const settings = readFileSync(join(launch.home, 'server.properties'), 'utf8');
    writeFileSync(config, settings.replace(/^log\.dirs=.*$/m, `log.dirs=${formatted}`));
    run(
      'java',
      ['-cp', join(launch.lib, '*'), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', config],
      'kafka-start',
    );
    keep(formatted, template);
  }
  mkdirSync(data, { recursive: true });
  cpSync(template, data, { recursive: true });
}

/** Kafka's jars, resolved by Maven on first use and kept. @returns the folder that holds them */
function kafkaJars(): string {
  const folder = join(cacheFolder(), `kafka-${KAFKA_VERSION}-jars`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(cacheFolder(), 'resolve-'));
  try {
    writeFileSync(join(work, 'pom.xml'), POM);
    const jars = join(work, 'jars');
    run(
      'mvn',
      ['-q', '-B', '-f', join(work, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
      'kafka-jars',
    );
    keep(jars, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>plumbline</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`;

function cacheFolder(): string {
  return process.env.PLUMBLINE_CACHE ?? join(homedir(), '.cache', 'plumbline');
}

/** Moves a finished folder into the cache. Another process may have been first: its copy is as good. */
function keep(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    if (existsSync(to)) return;
    const near = mkdtempSync(`${to}-`);
    cpSync(from, near, { recursive: true });
    renameSync(near, to);
  }
}

function run(program: string, args: string[], code: string): void {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-10).join('\n');
  throw new PlumblineError(code, `${program} failed: ${result.error?.message ?? output}`, {
    where: args.at(-1) ?? program,
    fix: 'install Java 17 and Maven, and check that Maven can reach its repository; or set KAFKA_BROKERS',
  });
}

/** Ports that are free now, all different: they are held together before being given back. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
  return ports;
}
