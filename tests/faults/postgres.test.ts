import {after, before, test} from 'node:test';

import {Outage} from './support/outage.ts';

let outage: Outage;
before(async () => { outage = await Outage.start(); });
after(async () => { await outage?.close(); });

test('Postgres is stopped and started under load', async () => {
  const {postgres} = outage;
  await outage.during('stopped', () => postgres.stopFast(), () => postgres.again());
});

test('Postgres is killed under load', async () => {
  const {postgres} = outage;
  await outage.during('kill -9', () => postgres.kill(), () => postgres.again());
});

test('connections to Postgres are cut and refused', async () => {
  const {gate} = outage;
  await outage.during('refused', () => { gate.refuse(); }, () => gate.open());
});
