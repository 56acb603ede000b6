import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';

import {until} from './until.ts';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Spawn {
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  cwd?: string;
}

/** A process of the system under test, with everything that it printed. */
export class Child {
  readonly out: string[] = [];
  readonly log: string[] = [];
  readonly name: string;
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly exit: Promise<unknown>;

  constructor(name: string, program: string, args: string[], options: Spawn) {
    this.name = name;
    this.child = spawn(program, args, {...options, stdio: ['ignore', 'pipe', 'pipe']});
    this.pid = this.child.pid ?? 0;
    running.add(this.child);
    this.exit = once(this.child, 'exit').finally(() => running.delete(this.child));
    this.exit.catch((error: unknown) => this.log.push(`could not start: ${error}`));
    createInterface({input: this.child.stdout!}).on('line', (line) => this.out.push(line));
    createInterface({input: this.child.stderr!}).on('line', (line) => this.log.push(line));
  }

  get ended(): boolean {
    return this.pid === 0 || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The first group of the first line, of either stream, that matches. */
  async line(pattern: RegExp, seconds = 60): Promise<string> {
    return until(`${this.name} prints ${pattern}`, () => {
      for (const line of [...this.out, ...this.log]) {
        const match = pattern.exec(line);
        if (match) return match[1] ?? line;
      }
      if (this.ended) throw new Error(`it ended early:\n${this.everything}`);
      return undefined;
    }, seconds);
  }

  /** Waits for an end that was not asked for here. */
  async exitCode(seconds: number): Promise<number | null> {
    await until(`${this.name} ends`, () => this.ended, seconds);
    return this.child.exitCode;
  }

  /** SIGTERM, then the exit code. */
  async stop(seconds = 40): Promise<number | null> {
    if (!this.ended) this.child.kill('SIGTERM');
    try {
      await until(`${this.name} ends`, () => this.ended, seconds);
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
    await this.exit;
    return this.child.exitCode;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(name);
  }

  /** What it was ended by. */
  get signalCode(): NodeJS.Signals | null {
    return this.child.signalCode;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (!this.ended) this.child.kill('SIGKILL');
    await this.exit.catch(() => undefined);
  }

  get everything(): string {
    return [...this.out, ...this.log].join('\n');
  }
}
