import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';

import {Simulator} from '../e2e/harness/simulator.ts';
import {Standalone} from '../e2e/harness/standalone.ts';
import {assertInvariants, audit, report} from './support/audit.ts';
import {Creates} from './support/creates.ts';
import {Random} from './support/random.ts';
import {kills, SHORT} from './support/settings.ts';

let sim: Simulator;
let standalone: Standalone;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({render_seconds: 0.5, shared_clip: true});
  standalone = await Standalone.start({...SHORT, OPENAI_BASE_URL: sim.base});
  await standalone.client.ok(
      'POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-under-fire'}});
});

after(async () => {
  await standalone?.close();
  await sim?.stop();
});

test('kill -9 at random instants: nothing accepted is lost, nothing is paid twice', async () => {
  const random = new Random();
  const count = kills(20);
  console.log(`kill.test.ts: ${count} kills, SEED=${random.seed}`);
  const creates = new Creates(() => standalone.client);
  for (let kill = 1; kill <= count; ++kill) {
    // One in five dies while it starts: with a recovering Postgres, before it serves.
    if (random.next() < 0.2) {
      const early = standalone.process.ended ? standalone.again() : standalone.process;
      await pause(random.between(0, 1500));
      await early.kill();
    } else {
      if (standalone.process.ended) await standalone.start();
      await pause(random.between(0, 2000));
      await standalone.process.kill();
    }
    if (kill % 5 === 0) {
      await standalone.start();
      await assertInvariants(standalone.database);
    }
  }
  if (standalone.process.ended) await standalone.start();
  await creates.stop();
  const result = await audit(creates, sim, () => standalone.client, standalone.database, 120);
  assert.deepEqual(creates.errors.map(({status, text}) => `${status} ${text}`), []);
  report('standalone', count, random.seed, result);
});
