import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Simulator} from '../../e2e/harness/simulator.ts';
import {Standalone} from '../../e2e/harness/standalone.ts';
import {assertInvariants, sql} from '../support/audit.ts';
import {SHORT} from '../support/settings.ts';

// Needs a build with fail points (MEDIAROUTER_BIN names it).

let sim: Simulator;
let standalone: Standalone;

before(async () => {
  sim = await Simulator.start();
  standalone = await Standalone.start({...SHORT, OPENAI_BASE_URL: sim.base});
  await standalone.client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-steps'}});
});

after(async () => {
  await standalone?.close();
  await sim?.stop();
});

const STEPS = [
  'orchestrator.created', 'orchestrator.leased', 'worker.attempt_begun', 'worker.sent',
  'orchestrator.evidence_recorded', 'worker.recorded', 'worker.outcome_reported', 'media.renamed',
  'media.ready', 'worker.stored', 'worker.completed',
];

for (const step of STEPS) {
  test(`kill -9 at ${step}`, async () => {
    const prompt = `dies at ${step}`;
    await standalone.process.stop();
    await standalone.start({MEDIAROUTER_FAIL_POINT: step});
    const answer = await standalone.client.call<{id: string}>(
        'POST', '/v1/video/generations', {json: {model: 'sora-2', prompt}}).catch(() => undefined);
    await standalone.process.exitCode(60);
    assert.equal(standalone.process.signalCode, 'SIGKILL', standalone.process.everything);

    await standalone.start();
    const [row] = await sql(standalone.database,
                            `SELECT id FROM orchestrator.generations WHERE prompt = '${prompt}'`);
    assert.ok(row, 'it was committed');
    if (answer) assert.equal(row[0], answer.body.id);
    const ended = await standalone.client.ended(row[0]!, 120);
    const paid = await sim.paid(prompt);
    console.log(`step table: ${step}: ${ended.status} ${ended.error_code ?? ''} paid ${paid}`);
    if (step === 'worker.attempt_begun') {
      // Whether its first byte left cannot be known from here; that none was paid is the provider's.
      assert.equal(ended.error_code, 'submit_outcome_unknown');
      assert.equal(paid, 0);
    } else {
      assert.equal(ended.status, 'completed', JSON.stringify(ended));
      assert.equal(paid, 1);
      assert.ok((await standalone.client.bytes(ended.video!.url)).length > 1000);
    }
    await assertInvariants(standalone.database);
  });
}
