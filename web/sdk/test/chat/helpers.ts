import { afterEach, vi } from "vitest";
import { Service } from "./service.ts";
import { Program, until } from "./session.ts";

vi.setConfig({ testTimeout: 40_000 });

/** What a test has started; it is closed after it. */
export const programs: Program[] = [];
afterEach(async () => {
  for (const p of programs.splice(0)) await p.chat.close();
});

/** Programs of these users, started, with key packages at the service. */
export async function start(service: Service, ...users: string[]): Promise<Program[]> {
  const made = users.map((u) => new Program(service, u));
  for (const p of made) {
    programs.push(p);
    await p.start();
    await supplied(service, p);
  }
  return made;
}

/** Waits until the service has key packages of a program's device. */
export function supplied(service: Service, p: Program) {
  return until("key packages", () =>
    service.suites.every((s) => (service.devices.get(p.chat.deviceID)!.packages.get(s)?.length ?? 0) >= 4),
  );
}

/** Two who have a conversation, both ready. */
export async function pair(service = new Service()) {
  const [mia, leo] = (await start(service, "mia", "leo")) as [Program, Program];
  const { id } = await mia.chat.startDirect("leo");
  await until("both are in", () => leo.chat.conversation(id)?.ready && mia.chat.conversation(id)?.ready);
  return { service, mia, leo, id };
}

export const say = (p: Program, id: string, text: string) => p.chat.send(id, { kind: "text", text });
export const reads = (p: Program, id: string, text: string) =>
  until(`${p.user} reads ${text}`, async () => (await p.texts(id)).includes(text));
export const status = (p: Program, id: string, wanted: string) =>
  until(`${id} is ${wanted}`, async () => (await p.chat.message(id))?.status === wanted);
export const lines = async (p: Program, id: string) =>
  (await p.chat.messages(id)).flatMap((m) => (m.content.kind === "system" ? [m.content.line] : []));
