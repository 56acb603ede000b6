import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {type Fault, Simulator} from '../e2e/harness/simulator.ts';
import {Standalone} from '../e2e/harness/standalone.ts';
import {until} from '../e2e/harness/until.ts';
import {assertInvariants} from './support/audit.ts';
import {SHORT} from './support/settings.ts';

/** What a provider does wrong to one generation, and what must become of that. */
interface Case {
  does: string;
  faults: Fault[];
  status: 'completed' | 'failed';
  code?: string;
  paid: number;
}

const found = {status: 'completed', paid: 1} as const;
const CASES: Case[] = [
  // The create. Without a readable answer it is looked up and never sent again.
  {does: '503 before accepting', faults: [{op: 'create', kind: 'status', code: 503}],
   status: 'failed', code: 'submit_outcome_unknown', paid: 0},
  {does: '500 after accepting', faults: [{op: 'create', kind: 'error_after'}], ...found},
  {does: '502 with a page after accepting',
   faults: [{op: 'create', kind: 'error_after', code: 502, body: '<html>bad gateway'}], ...found},
  {does: 'closes before accepting', faults: [{op: 'create', kind: 'drop_before'}],
   status: 'failed', code: 'submit_outcome_unknown', paid: 0},
  {does: 'accepts, then closes', faults: [{op: 'create', kind: 'drop_after'}], ...found},
  {does: 'answers later than anyone waits',
   faults: [{op: 'create', kind: 'latency', ms: 3000}], ...found},
  {does: 'HTML with 200', faults: [{op: 'create', kind: 'html_200'}], ...found},
  {does: 'a truncated answer', faults: [{op: 'create', kind: 'truncated_body'}], ...found},
  {does: 'an answer that stalls', faults: [{op: 'create', kind: 'stalled_body', ms: 5000}], ...found},
  {does: 'an answer without end', faults: [{op: 'create', kind: 'endless_body'}], ...found},
  {does: 'the wrong content type', faults: [{op: 'create', kind: 'wrong_content_type'}], ...found},
  {does: 'answers too late, and lists the job late',
   faults: [{op: 'create', kind: 'latency', ms: 2500}, {op: 'create', kind: 'list_hidden', ms: 1000}],
   ...found},
  {does: 'answers too late, and never lists the job',
   faults: [{op: 'create', kind: 'latency', ms: 2500},
            {op: 'create', kind: 'list_hidden', ms: 600_000}],
   status: 'failed', code: 'submit_outcome_unknown', paid: 1},
  // Definite refusals: nothing was paid.
  {does: '429 with Retry-After',
   faults: [{op: 'create', kind: 'status', code: 429, retry_after: 2, count: 2}], ...found},
  {does: '429 without Retry-After',
   faults: [{op: 'create', kind: 'status', code: 429, count: 2}], ...found},
  {does: '400', faults: [{op: 'create', kind: 'status', code: 400}],
   status: 'failed', code: 'invalid_request', paid: 0},
  {does: '422', faults: [{op: 'create', kind: 'status', code: 422}],
   status: 'failed', code: 'invalid_request', paid: 0},
  // Polls. Only the provider's own word ends a paid job.
  {does: 'polls: 500', faults: [{op: 'poll', kind: 'status', code: 500, count: 2}], ...found},
  {does: 'polls: 429 with Retry-After',
   faults: [{op: 'poll', kind: 'status', code: 429, retry_after: 2, count: 1}], ...found},
  {does: 'polls: 429 without', faults: [{op: 'poll', kind: 'status', code: 429, count: 2}], ...found},
  {does: 'polls: 403', faults: [{op: 'poll', kind: 'status', code: 403, count: 1}], ...found},
  {does: 'polls: closes', faults: [{op: 'poll', kind: 'drop_after', count: 2}], ...found},
  {does: 'polls: HTML with 200', faults: [{op: 'poll', kind: 'html_200', count: 2}], ...found},
  {does: 'polls: truncated', faults: [{op: 'poll', kind: 'truncated_body', count: 2}], ...found},
  {does: 'polls: stalled', faults: [{op: 'poll', kind: 'stalled_body', ms: 3000, count: 1}], ...found},
  {does: 'polls: endless', faults: [{op: 'poll', kind: 'endless_body', count: 1}], ...found},
  {does: 'an unknown status', faults: [{op: 'poll', kind: 'unknown_status', count: 4}], ...found},
  {does: 'forgets the job, then remembers',
   faults: [{op: 'poll', kind: 'job_forgotten', count: 2}], ...found},
  {does: 'forgets the job for good', faults: [{op: 'poll', kind: 'job_forgotten', count: 0}],
   status: 'failed', code: 'provider_job_lost', paid: 1},
  {does: 'fails the job', faults: [{op: 'create', kind: 'fail', message: 'out of ideas'}],
   status: 'failed', code: 'provider_error', paid: 1},
  // The download.
  {does: 'content: 503', faults: [{op: 'content', kind: 'status', code: 503, count: 2}], ...found},
  {does: 'content: 429 with Retry-After',
   faults: [{op: 'content', kind: 'status', code: 429, retry_after: 1, count: 1}], ...found},
  {does: 'completed, the content comes later',
   faults: [{op: 'content', kind: 'completed_without_content', count: 2}], ...found},
  {does: 'completed, but there is never any content',
   faults: [{op: 'content', kind: 'completed_without_content', count: 0}],
   status: 'failed', code: 'output_unusable', paid: 1},
  {does: 'content: HTML with 200', faults: [{op: 'content', kind: 'html_200', count: 1}], ...found},
  {does: 'content: always HTML', faults: [{op: 'content', kind: 'html_200', count: 0}],
   status: 'failed', code: 'output_unusable', paid: 1},
  {does: 'content: truncated', faults: [{op: 'content', kind: 'truncated_body', count: 2}], ...found},
  {does: 'content: always truncated',
   faults: [{op: 'content', kind: 'truncated_body', count: 0}],
   status: 'failed', code: 'output_unusable', paid: 1},
  {does: 'content: stalls', faults: [{op: 'content', kind: 'stalled_body', ms: 3000, count: 1}],
   ...found},
  {does: 'content: closes', faults: [{op: 'content', kind: 'drop_before', count: 2}], ...found},
  {does: 'content: the wrong type',
   faults: [{op: 'content', kind: 'wrong_content_type', count: 1}], ...found},
  {does: 'content: a link', faults: [{op: 'content', kind: 'redirect', count: 1}], ...found},
  {does: 'content: an expired link, then a fresh one',
   faults: [{op: 'content', kind: 'expired_link', count: 1}], ...found},
  {does: 'content: always an expired link',
   faults: [{op: 'content', kind: 'expired_link', count: 0}],
   status: 'failed', code: 'output_unusable', paid: 1},
];

let sim: Simulator;
let standalone: Standalone;
const ids = new Map<string, string>();
let size: number;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({shared_clip: true});
  standalone = await Standalone.start({
    ...SHORT, OPENAI_BASE_URL: sim.base, OUTPUT_RETRY_SECONDS: '8', JOB_LOST_SECONDS: '6',
  });
  const {client} = standalone;
  await client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-faults'}});
  const {id} = await client.create({model: 'sora-2', prompt: 'nothing is wrong'});
  size = (await client.bytes((await client.completed(id)).video!.url)).length;
  // All at once: most of their time is waiting.
  for (const {does, faults} of CASES) {
    for (const fault of faults) await sim.fault({...fault, prompt_contains: `[${does}]`});
    ids.set(does, (await client.create({model: 'sora-2', prompt: `[${does}]`})).id);
  }
});

after(async () => {
  await standalone?.close();
  await sim?.stop();
});

for (const {does, status, code, paid} of CASES) {
  test(`a provider: ${does}`, async () => {
    const ended = await standalone.client.ended(ids.get(does)!, 120);
    const jobs = await sim.paid(`[${does}]`);
    console.log(`fault table: ${does}: ${ended.status} ${ended.error_code ?? ''} paid ${jobs}`);
    assert.equal(ended.status, status, JSON.stringify(ended));
    assert.equal(ended.error_code, code ?? null);
    assert.equal(jobs, paid);
    if (status === 'completed') {
      assert.equal((await standalone.client.bytes(ended.video!.url)).length, size);
    } else {
      assert.ok(ended.error, 'a reason for people');
    }
  });
}

test('progress that goes backwards is never shown', async () => {
  const {client} = standalone;
  const prompt = '[progress backwards]';
  await sim.fault({op: 'create', kind: 'render_seconds', seconds: 4, prompt_contains: prompt});
  await sim.fault({op: 'poll', kind: 'progress_backwards', count: 3, after: 3, prompt_contains: prompt});
  const {id} = await client.create({model: 'sora-2', prompt});
  const shown: number[] = [];
  await until('it ends', async () => {
    const {progress, status} = await client.get(id);
    shown.push(progress);
    return status === 'completed';
  });
  assert.deepEqual(shown, shown.toSorted((a, b) => a - b));
  assert.equal(await sim.paid(prompt), 1);
});

test('what a provider did left no row behind', async () => {
  await assertInvariants(standalone.database);
});
