import {connect} from 'node:net';

import {until} from './until.ts';

/**
 * Sends bytes as they are, which fetch would not, and gives what came back until the other side
 * closed or the answer was whole.
 */
export async function raw(base: string, bytes: string | Buffer, seconds = 30): Promise<string> {
  const url = new URL(base);
  const socket = connect(Number(url.port), url.hostname);
  const received: Buffer[] = [];
  let closed = false;
  socket.on('data', (data) => received.push(data));
  socket.on('error', () => undefined);
  socket.on('close', () => { closed = true; });
  socket.write(bytes);
  const text = () => Buffer.concat(received).toString('latin1');
  try {
    await until('an answer', () => closed || whole(text()), seconds);
  } finally {
    socket.destroy();
  }
  return text();
}

function whole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
