import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {promisify} from 'node:util';

import type {Client} from '../../e2e/harness/client.ts';
import type {Simulator} from '../../e2e/harness/simulator.ts';
import {until} from '../../e2e/harness/until.ts';
import type {Creates} from './creates.ts';

/** The rows of a query, read by psql past every service. */
export async function sql(database: string, query: string): Promise<string[][]> {
  const {stdout} = await promisify(execFile)(
      'psql', ['-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', query],
      {timeout: 20_000, maxBuffer: 1 << 28});
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
}

// One statement is one snapshot: these hold at any instant, not only at rest.
const VIOLATIONS = `
  SELECT 'in the queue and leased', generation_id
    FROM orchestrator.ready JOIN orchestrator.leases USING (generation_id)
  UNION ALL
  SELECT 'open, but neither in the queue nor leased', id FROM orchestrator.generations g
    WHERE ended_at IS NULL
    AND NOT EXISTS (SELECT FROM orchestrator.ready r WHERE r.generation_id = g.id)
    AND NOT EXISTS (SELECT FROM orchestrator.leases l WHERE l.generation_id = g.id)
  UNION ALL
  SELECT 'ended, but still in the queue or leased', id FROM orchestrator.generations g
    WHERE ended_at IS NOT NULL
    AND (EXISTS (SELECT FROM orchestrator.ready r WHERE r.generation_id = g.id)
      OR EXISTS (SELECT FROM orchestrator.leases l WHERE l.generation_id = g.id))
  UNION ALL
  SELECT 'completed with an asset that is not ready', g.id FROM orchestrator.generations g
    LEFT JOIN media.assets a ON a.id = g.asset_id
    WHERE g.state = 'completed' AND g.deleted_at IS NULL AND a.state IS DISTINCT FROM 'ready'
  UNION ALL
  SELECT 'paid twice', generation_id FROM orchestrator.submit_attempts
    WHERE provider_job_id IS NOT NULL GROUP BY generation_id HAVING count(*) > 1
  UNION ALL
  SELECT 'ended events', generation_id FROM orchestrator.events e
    JOIN orchestrator.generations g ON g.id = e.generation_id
    WHERE e.sequence > g.event_sequence`;

/** What must hold between the rows at any time. */
export async function assertInvariants(database: string): Promise<void> {
  assert.deepEqual(await sql(database, VIOLATIONS), []);
}

export interface Result {
  accepted: number;
  completed: number;
  unknowable: number;
  paid: number;
  duplicates: number;
  /** Creates without an answer that exist all the same. */
  unanswered: number;
}

interface Row {
  id: string;
  state: string;
  code: string;
}

/** Waits for the end of everything that was created, then compares with what the provider counted. */
export async function audit(
    creates: Creates, sim: Simulator, client: () => Client, database: string, seconds: number,
    ): Promise<Result> {
  const open = `SELECT id, state, step, attempt, error_code FROM orchestrator.generations
                WHERE ended_at IS NULL`;
  await until('everything accepted has ended', async () => {
    const left = await sql(database, open);
    if (left.length > 0) throw new Error(`open: ${JSON.stringify(left.slice(0, 5))}`);
    return true;
  }, seconds);
  await assertInvariants(database);

  const rows = new Map<string, Row>();
  const query = `SELECT prompt, id, state, error_code FROM orchestrator.generations
                 WHERE starts_with(prompt, '${creates.prefix}')`;
  for (const [prompt, id, state, code] of await sql(database, query)) {
    assert.ok(!rows.has(prompt!), `${prompt} exists twice`);
    rows.set(prompt!, {id: id!, state: state!, code: code!});
  }
  const paid = Object.fromEntries(Object.entries((await sim.stats()).by_prompt).filter(
      ([prompt]) => prompt.startsWith(creates.prefix)));
  const result: Result = {
    accepted: creates.accepted.size, completed: 0, unknowable: 0,
    paid: Object.values(paid).reduce((sum, jobs) => sum + jobs, 0),
    duplicates: Object.values(paid).reduce((sum, jobs) => sum + jobs - 1, 0),
    unanswered: [...creates.unknown].filter((prompt) => rows.has(prompt)).length,
  };
  const wrong: string[] = [];
  for (const [prompt, id] of creates.accepted) {
    if (rows.get(prompt)?.id !== id) wrong.push(`${id} was accepted and is lost`);
  }
  for (const prompt of Object.keys(paid)) {
    if (!rows.has(prompt)) wrong.push(`${prompt} was paid, but does not exist`);
  }
  for (const [prompt, {id, state, code}] of rows) {
    const jobs = paid[prompt] ?? 0;
    if (state === 'completed') {
      ++result.completed;
      if (jobs !== 1) wrong.push(`${id} is completed with ${jobs} paid jobs`);
    } else if (state === 'failed' && code === 'submit_outcome_unknown') {
      ++result.unknowable;
      if (jobs > 1) wrong.push(`${id} was paid ${jobs} times`);
    } else {
      wrong.push(`${id} is ${state} (${code}) with ${jobs} paid jobs`);
    }
  }
  assert.deepEqual(wrong, []);
  await assertVideos(client(), [...rows.values()].filter(({state}) => state === 'completed'));
  return result;
}

/** Every video can be had, whole: the simulator was told to give each job the same clip. */
async function assertVideos(client: Client, rows: Row[]): Promise<void> {
  const hashes = new Set<string>();
  for (let at = 0; at < rows.length; at += 8) {
    await Promise.all(rows.slice(at, at + 8).map(async ({id}) => {
      const {video, status} = await client.get(id);
      assert.equal(status, 'completed', id);
      hashes.add(createHash('sha256').update(await client.bytes(video!.url)).digest('hex'));
    }));
  }
  assert.ok(hashes.size <= 1, `${hashes.size} different videos`);
}

/** Prints the row of the kill table and checks the bound on what nobody can know. */
export function report(name: string, kills: number, seed: number, result: Result): void {
  const all = result.completed + result.unknowable;
  console.log(`kill table: ${name}: kills ${kills}, accepted ${result.accepted}` +
              ` (+ ${result.unanswered} unanswered), completed ${result.completed},` +
              ` unknowable ${result.unknowable}, paid ${result.paid},` +
              ` duplicates ${result.duplicates} (seed ${seed})`);
  // Right after a start all that waited is sent at once, and one kill can catch several of these:
  // a short run says nothing about the share.
  const allowed = all >= 1000 ? all / 100 : 5;
  assert.ok(result.unknowable <= allowed,
            `${result.unknowable} of ${all} have an unknown outcome`);
  assert.equal(result.duplicates, 0);
}
