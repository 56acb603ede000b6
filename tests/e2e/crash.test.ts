import assert from 'node:assert/strict';
import {test} from 'node:test';

import {until} from './harness/until.ts';
import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld({DRAIN_SECONDS: '5'});

/** `count` generations that take `seconds` each, at the provider. */
async function begin(count: number, seconds: number): Promise<{id: string; prompt: string}[]> {
  const prompts = Array.from({length: count}, (_, index) => world.prompt(`job ${index}`));
  for (const prompt of prompts) {
    await world.sim.fault({kind: 'render_seconds', seconds, prompt_contains: prompt});
  }
  return Promise.all(prompts.map(async (prompt) => {
    const {id} = await world.client.create({model: 'sora-2', prompt});
    return {id, prompt};
  }));
}

async function allCompleteAndPaidOnce(jobs: {id: string; prompt: string}[]): Promise<void> {
  for (const {id, prompt} of jobs) {
    const done = await world.client.completed(id, 120);
    assert.ok((await world.client.bytes(done.video!.url)).length > 1000);
    assert.equal(await world.sim.paid(prompt), 1, `${id} was paid more than once`);
  }
}

test('kill -9 with jobs at the provider: all complete, each paid once', async () => {
  const {deployment} = world;
  const jobs = await begin(8, 4);
  await until('the provider has all', async () =>
    (await Promise.all(jobs.map(({prompt}) => world.sim.paid(prompt)))).every((paid) => paid === 1));
  await deployment.process.kill();
  await deployment.start();
  await allCompleteAndPaidOnce(jobs);
});

test('kill -9 right after the answer: what was accepted ends, and is never paid twice', async () => {
  const {deployment, sim} = world;
  for (let round = 0; round < 3; ++round) {
    const jobs = await begin(4, 1);
    await deployment.process.kill();
    await deployment.start();
    for (const {id, prompt} of jobs) {
      const ended = await world.client.ended(id, 120);
      // Killed between committing the attempt and sending it: nothing was paid, but this protocol
      // has no way to be sure of that later.
      const unknown = ended.error_code === 'submit_outcome_unknown';
      assert.equal(ended.status, unknown ? 'failed' : 'completed', JSON.stringify(ended));
      assert.equal(await sim.paid(prompt), unknown ? 0 : 1, id);
    }
  }
});

test('SIGTERM with jobs in flight: exit 0, and the next start finishes them', async () => {
  const {deployment} = world;
  const jobs = await begin(4, 6);
  await until('one is processing', async () =>
    (await world.client.get(jobs[0]!.id)).status === 'processing');
  assert.equal(await deployment.process.stop(30), 0);
  await deployment.start();
  await allCompleteAndPaidOnce(jobs);
});

test('a second process on the same data folder says so and leaves', async () => {
  const second = world.deployment.again();
  assert.notEqual(await second.exitCode(30), 0);
  assert.match(second.everything, /another mediarouter works in the data folder/);
  assert.equal((await world.client.call('GET', '/readyz', {key: null})).status, 200);
});
