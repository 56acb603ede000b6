import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Server, Socket} from 'node:net';

interface Link {
  client: Socket;
  upstream: Socket;
  /** Bytes from upstream that still pass before both ends are cut off. */
  left: number;
}

/** A TCP proxy on a port of its own that does what networks do. */
export class Gate {
  readonly port: number;
  private readonly upstreamPort: number;
  private readonly links = new Set<Link>();
  private readonly orphans = new Set<Socket>();
  private server: Server;
  private stalled = false;
  private deaf = false;
  private cuts: number[] = [];

  private constructor(server: Server, upstreamPort: number) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    this.upstreamPort = upstreamPort;
    server.on('connection', (client) => { this.accept(client); });
  }

  static async before(upstreamPort: number): Promise<Gate> {
    const server = createServer({allowHalfOpen: false});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, upstreamPort);
  }

  private accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.deaf) {
      this.orphan(client);
      return;
    }
    const link: Link = {
      client, upstream: connect(this.upstreamPort, '127.0.0.1'),
      left: this.cuts.shift() ?? Infinity,
    };
    this.links.add(link);
    link.upstream.on('error', () => undefined);
    client.on('data', (data) => link.upstream.write(data));
    link.upstream.on('data', (data) => {
      client.write(link.left < data.length ? data.subarray(0, link.left) : data);
      link.left -= data.length;
      if (link.left <= 0) this.cut(link);
    });
    client.on('close', () => { this.end(link, link.upstream); });
    link.upstream.on('close', () => { this.end(link, client); });
    if (this.stalled) this.pause(link);
  }

  private end(link: Link, other: Socket): void {
    if (this.links.delete(link)) other.end();
  }

  private pause({client, upstream}: Link): void {
    client.pause();
    upstream.pause();
  }

  private cut(link: Link): void {
    this.links.delete(link);
    // What was written before still arrives.
    link.client.destroySoon();
    link.upstream.destroy();
  }

  private orphan(client: Socket): void {
    this.orphans.add(client);
    client.resume();
    client.on('close', () => this.orphans.delete(client));
  }

  /** Connections are refused, those that are open are closed. */
  refuse(): void {
    this.server.close();
    this.cutAll();
  }

  /** All open connections are reset, new ones work. */
  cutAll(): void {
    for (const {client, upstream} of this.links) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.links.clear();
  }

  /** The next connections, one for each number, are cut after so many bytes from upstream. */
  cutAfter(...bytes: number[]): void {
    this.cuts = bytes;
  }

  /** Nothing passes any more; what was under way arrives when the gate opens again. */
  stall(): void {
    this.stalled = true;
    for (const link of this.links) this.pause(link);
  }

  /** As if the other host had lost its power: nobody answers, nobody closes. */
  vanish(): void {
    this.deaf = true;
    for (const {client, upstream} of this.links) {
      client.removeAllListeners('data');
      this.orphan(client);
      upstream.destroy();
    }
    this.links.clear();
  }

  /** Everything passes again; connections from before a `vanish` stay silent. */
  async open(): Promise<void> {
    this.stalled = false;
    this.deaf = false;
    this.cuts = [];
    for (const {client, upstream} of this.links) {
      client.resume();
      upstream.resume();
    }
    if (this.server.listening) return;
    this.server = createServer((client) => { this.accept(client); });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  close(): void {
    this.cutAll();
    for (const socket of this.orphans) socket.destroy();
    this.server.close();
  }
}
