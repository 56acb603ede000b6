import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld();
let link: string;
let whole: Buffer;

before(async () => {
  await world.started;
  const {client} = world;
  const created = await client.create({model: 'sora-2', prompt: world.prompt('bytes')});
  link = (await client.completed(created.id)).video!.url;
  whole = await client.bytes(link);
});

test('a GET has all the headers of a file', async () => {
  const response = await world.client.fetch(link);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'video/mp4');
  assert.equal(response.headers.get('content-length'), String(whole.length));
  assert.equal(response.headers.get('accept-ranges'), 'bytes');
  assert.match(response.headers.get('etag') ?? '', /^"[^"]+"$/);
  assert.match(response.headers.get('cache-control') ?? '', /private/);
  assert.ok(response.headers.get('x-request-id'));
  await response.arrayBuffer();
});

test('a HEAD has the headers of the GET and no body', async () => {
  const [head, get] =
      await Promise.all([world.client.fetch(link, {}, 'HEAD'), world.client.fetch(link)]);
  assert.equal(head.status, 200);
  for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges']) {
    assert.equal(head.headers.get(name), get.headers.get(name), name);
  }
  assert.equal((await head.arrayBuffer()).byteLength, 0);
  await get.arrayBuffer();
});

for (const [range, first, last] of [
  ['bytes=0-99', 0, 99],
  ['bytes=100-100', 100, 100],
  ['bytes=-500', -500, -1],
  ['bytes=1000-', 1000, -1],
  ['bytes=0-99999999999', 0, -1],
] as const) {
  test(`Range: ${range}`, async () => {
    const size = whole.length;
    const from = first < 0 ? size + first : first;
    const to = last < 0 ? size + last : last;
    const response = await world.client.fetch(link, {range});
    assert.equal(response.status, 206);
    assert.equal(response.headers.get('content-range'), `bytes ${from}-${to}/${size}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), whole.subarray(from, to + 1));
  });
}

test('a range past the end is a 416 that tells the size', async () => {
  for (const range of [`bytes=${whole.length}-`, 'bytes=-0', `bytes=${whole.length + 5}-${whole.length + 9}`]) {
    const response = await world.client.fetch(link, {range});
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get('content-range'), `bytes */${whole.length}`);
    await response.arrayBuffer();
  }
});

test('what is no range is answered whole', async () => {
  for (const range of ['bytes=abc', 'bytes=5-2', 'items=0-1', 'bytes=0-1,5-6']) {
    const response = await world.client.fetch(link, {range});
    assert.equal(response.status, 200, range);
    assert.equal((await response.arrayBuffer()).byteLength, whole.length);
  }
});

test('If-None-Match gives 304, If-Range decides about the range', async () => {
  const {client} = world;
  const etag = (await client.fetch(link, {}, 'HEAD')).headers.get('etag')!;
  for (const value of [etag, '*', `"other", ${etag}`, `W/${etag}`]) {
    const response = await client.fetch(link, {'if-none-match': value});
    assert.equal(response.status, 304, value);
    assert.equal(response.headers.get('etag'), etag);
    assert.equal((await response.arrayBuffer()).byteLength, 0);
  }
  const other = await client.fetch(link, {'if-none-match': '"other"'});
  assert.equal(other.status, 200);
  await other.arrayBuffer();
  for (const [value, status] of [[etag, 206], ['"other"', 200]] as const) {
    const response = await client.fetch(link, {range: 'bytes=0-9', 'if-range': value});
    assert.equal(response.status, status, value);
    await response.arrayBuffer();
  }
});

test('the link opens the video by itself, and only as it was signed', async () => {
  const {client} = world;
  const url = new URL(link, client.base);
  assert.ok(url.search.length > 20, 'it is signed');
  const status = async (changed: URL) => {
    const response = await fetch(changed);
    await response.arrayBuffer();
    return response.status;
  };
  assert.equal(await status(url), 200);

  const bare = new URL(url);
  bare.search = '';
  assert.equal(await status(bare), 401, 'without the signature');
  for (const [name, value] of url.searchParams) {
    const changed = new URL(url);
    const last = value.at(-1) === '1' ? '2' : '1';
    changed.searchParams.set(name, value.slice(0, -1) + last);
    assert.ok([401, 403].includes(await status(changed)), `with another ${name}`);
    const without = new URL(url);
    without.searchParams.delete(name);
    assert.ok([401, 403].includes(await status(without)), `without ${name}`);
  }
  const another = await client.completed(
      (await client.create({model: 'sora-2', prompt: world.prompt('another')})).id);
  const crossed = new URL(new URL(another.video!.url, client.base).pathname + url.search, client.base);
  assert.ok([401, 403].includes(await status(crossed)), "with another video's signature");
});

test('a Bearer key opens it as well, a wrong one does not', async () => {
  const {client} = world;
  const {pathname} = new URL(link, client.base);
  const response = await client.fetch(pathname, {authorization: `Bearer ${client.key}`});
  assert.equal(response.status, 200);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), whole);
  assert.equal((await client.fetch(pathname, {authorization: 'Bearer mr_wrong'})).status, 401);
});

test('a name that is no video is a 404, whatever it is made of', async () => {
  const {client} = world;
  const authorization = `Bearer ${client.key}`;
  for (const name of ['nothing.mp4', 'gen_00000000000000000000000000.mp4', '%2e%2e%2fetc%2fpasswd',
                      '..%2f..%2fsecret.key', '.', '%FF.mp4', 'a'.repeat(300) + '.mp4']) {
    const {status} = await client.fetch(`/videos/${name}`, {authorization});
    assert.ok(status === 404 || status === 400, `${name}: ${status}`);
  }
});
