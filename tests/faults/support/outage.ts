import assert from 'node:assert/strict';

import {type Answer, errorOf} from '../../e2e/harness/client.ts';
import {Postgres} from '../../e2e/harness/postgres.ts';
import {dataFolder, removeFolder} from '../../e2e/harness/paths.ts';
import {Separate} from '../../e2e/harness/separate.ts';
import {Simulator} from '../../e2e/harness/simulator.ts';
import {until} from '../../e2e/harness/until.ts';
import {audit, report, type Result} from './audit.ts';
import {Creates} from './creates.ts';
import {Gate} from './gate.ts';
import {SHORT} from './settings.ts';

/** The gateway's time-out, and what it takes more to learn whether a create was committed. */
const REQUEST_SECONDS = 30 + 3;

const LANES = 4;

/** Separate services under load whose Postgres is behind a gate. */
export class Outage {
  readonly sim: Simulator;
  readonly services: Separate;
  readonly postgres: Postgres;
  readonly gate: Gate;
  private readonly folder: string;

  private constructor(
      sim: Simulator, services: Separate, postgres: Postgres, gate: Gate, folder: string) {
    this.sim = sim;
    this.services = services;
    this.postgres = postgres;
    this.gate = gate;
    this.folder = folder;
  }

  static async start(settings: Record<string, string> = {}): Promise<Outage> {
    const sim = await Simulator.start();
    const folder = dataFolder();
    const postgres = await Postgres.start(folder, {tcp: true});
    const gate = await Gate.before(postgres.port!);
    try {
      const services = await Separate.start({
        ...SHORT, LEASE_SECONDS: '8', OPENAI_BASE_URL: sim.base,
        DATABASE_URL: `postgresql://mediarouter@127.0.0.1:${gate.port}/postgres`, ...settings,
      }, {postgres});
      await services.client.ok(
          'POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-outage'}});
      return new Outage(sim, services, postgres, gate, folder);
    } catch (error) {
      gate.close();
      throw error;
    }
  }

  /**
   * `begin` takes Postgres away and `end` brings it back, while creates go on. Meanwhile each
   * answer is a 503 that says when to come back; afterwards everything accepted goes on.
   */
  async during(name: string, begin: () => unknown, end: () => unknown): Promise<Result> {
    await this.sim.reset({render_seconds: 1, shared_clip: true});
    const creates = new Creates(() => this.services.client, LANES, 100);
    try {
      return await this.strike(creates, name, begin, end);
    } finally {
      await creates.stop();
    }
  }

  private async strike(
      creates: Creates, name: string, begin: () => unknown, end: () => unknown): Promise<Result> {
    const {client} = this.services;
    const rescued = await this.rescued();
    await until('load', () => creates.accepted.size >= 10);
    const [someId] = [...creates.accepted.values()];
    await begin();
    try {
      await until('a create fails', () => creates.errors.length >= 4, REQUEST_SECONDS + 5);
      const targets = ['/v1/video/generations', `/v1/video/generations/${someId}`, '/v1/keys'];
      const answers = await Promise.all(targets.map((target) => client.call('GET', target)));
      answers.forEach(assertUnavailable);
      // Alive, but not ready.
      assert.equal((await client.call('GET', '/livez', {key: null})).status, 200);
      await until('not ready', async () =>
        (await client.call('GET', '/readyz', {key: null})).status === 503);
    } finally {
      await end();
    }
    const over = creates.accepted.size;
    const since = performance.now();
    await until('creates work again', () => creates.accepted.size >= over + 10);
    const recovery = (performance.now() - since) / 1000;
    await creates.stop();
    creates.errors.forEach(assertUnavailable);
    assert.ok(creates.longestSeconds < REQUEST_SECONDS + 2, `${creates.longestSeconds} s`);
    const result = await audit(creates, this.sim, () => client, this.postgres.url, 120);
    console.log(`outage table: Postgres ${name}: slowest answer ${creates.longestSeconds.toFixed(1)} s,` +
                ` 503s ${creates.errors.length}, back after ${recovery.toFixed(1)} s`);
    report(`Postgres ${name}`, 1, 0, result);
    assert.equal(result.unknowable, 0);
    // The workers lived, and keep what they hold. Only what was handed out at the very moment of
    // the cut, its answer lost, has to be rescued: at most one of each lane.
    assert.ok(await this.rescued() - rescued <= LANES, 'a storm of leases');
    return result;
  }

  private async rescued(): Promise<number> {
    const pages = await this.services.metrics();
    const counts = pages.matchAll(/^mediarouter_orchestrator_leases_rescued_total\S* (\S+)/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async close(): Promise<void> {
    await this.services.close();
    this.gate.close();
    await this.sim.stop();
    removeFolder(this.folder);
  }
}

function assertUnavailable(answer: Answer<unknown>): void {
  errorOf(answer, 503);
  assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, 'Retry-After');
}
