import {after, before, test} from 'node:test';

import {Outage} from '../support/outage.ts';

// These wait for time-outs of tens of seconds.

let outage: Outage;
before(async () => { outage = await Outage.start({LEASE_SECONDS: '45'}); });
after(async () => { await outage?.close(); });

test('Postgres is frozen, then goes on', async () => {
  const {postgres} = outage;
  await outage.during(
      'frozen', () => { postgres.signalAll('SIGSTOP'); }, () => { postgres.signalAll('SIGCONT'); });
});

test('the network to Postgres stalls, then goes on', async () => {
  const {gate} = outage;
  await outage.during('stalled', () => { gate.stall(); }, () => gate.open());
});

test('the host of Postgres vanishes without a word', async () => {
  const {gate} = outage;
  await outage.during('vanished', () => { gate.vanish(); }, () => gate.open());
});
