import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {test} from 'node:test';

import {chromium} from 'playwright-core';

import {standaloneWorld} from '../e2e/harness/world.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const skip = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not installed`;
const world = skip ? undefined : standaloneWorld();

test('a <video> tag plays the signed link', {skip, timeout: 120_000}, async () => {
  const {client, prompt} = world!;
  const done = await client.completed(
      (await client.create({model: 'sora-2', prompt: prompt('It plays')})).id);
  const link = new URL(done.video!.url, client.base).href;

  const page = `<!doctype html><title>playback</title><video src="${link.replaceAll('&', '&amp;')}" muted></video>`;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({executablePath: CHROMIUM, args: ARGUMENTS});
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const seen = await tab.evaluate(async () => {
      const video = document.querySelector('video')!;
      await video.play();
      await new Promise<void>((moved, failed) => {
        video.addEventListener('timeupdate', () => video.currentTime > 0.5 && moved());
        video.addEventListener('error', () => failed(new Error(video.error?.message)));
      });
      const {videoWidth, videoHeight, duration, currentTime} = video;
      return {videoWidth, videoHeight, duration, currentTime};
    });
    assert.equal(seen.videoWidth, done.video!.width);
    assert.equal(seen.videoHeight, done.video!.height);
    assert.ok(Math.abs(seen.duration - done.video!.duration) < 0.2);
    assert.ok(seen.currentTime > 0.5);
  } finally {
    await browser.close();
    server.close();
  }
});
