import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';

import {Separate} from '../e2e/harness/separate.ts';
import {Simulator} from '../e2e/harness/simulator.ts';
import {assertInvariants, audit, report} from './support/audit.ts';
import {Creates} from './support/creates.ts';
import {Random} from './support/random.ts';
import {kills, SHORT} from './support/settings.ts';

let sim: Simulator;
let services: Separate;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({render_seconds: 0.5, shared_clip: true});
  services = await Separate.start({...SHORT, OPENAI_BASE_URL: sim.base}, {
    replicas: [
      {service: 'generation-orchestrator', name: 'orchestrator-2'},
      {service: 'provider-worker', name: 'worker-2',
       settings: {GENERATION_ORCHESTRATOR_ADDRESS: '@orchestrator-2'}},
      {service: 'provider-worker', name: 'worker-3'},
    ],
  });
  await services.client.ok(
      'POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-under-fire'}});
});

after(async () => {
  await services?.close();
  await sim?.stop();
});

test('kill -9 of one service after the other, two orchestrators and three workers', async () => {
  const random = new Random();
  const count = kills(20);
  console.log(`kill_services.test.ts: ${count} kills, SEED=${random.seed}`);
  const killed: Record<string, number> = {};
  const creates = new Creates(() => services.client);
  for (let kill = 1; kill <= count; ++kill) {
    const name = random.of(services.names());
    killed[name] = (killed[name] ?? 0) + 1;
    await services.kill(name);
    await pause(random.between(0, 800));
    services.spawn(name);
    // A new gateway has a new port.
    if (name === 'gateway') await services.ready();
    await pause(random.between(0, 1200));
    if (kill % 5 === 0) await assertInvariants(services.postgres.url);
  }
  await services.ready();
  await creates.stop();
  const result = await audit(creates, sim, () => services.client, services.postgres.url, 120);
  console.log(`killed: ${JSON.stringify(killed)}, slowest answer ${creates.longestSeconds.toFixed(1)} s,` +
              ` answers other than 200: ${creates.errors.length}`);
  report('separate', count, random.seed, result);
  for (const {status, text} of creates.errors) assert.equal(status, 503, text);
});
