import type { Safety } from "./types.ts";
import { concat, toHex, uint32, utf8, type Bytes } from "./bytes.ts";

/**
 * Safety numbers: what two people compare to know that nobody is in between, and that no device listens along.
 *
 * A person's fingerprint is made of their user id and the signature keys of all their devices in order:
 * SHA-512, then 20,000 rounds of HMAC-SHA-512 over it (PBKDF2), which makes looking for keys with a like
 * fingerprint that much dearer. The number of two people is both fingerprints, the lower first: the same on
 * both sides. From each fingerprint come 30 digits (six groups of 40 bits modulo 100,000) and six pictures
 * (six bits each): 12 groups and 12 pictures in all. The pictures are 36 bits a side, meant for comparing face
 * to face, for children who do not read yet; the digits are about 100 bits a side.
 */
const ROUNDS = 20_000;

/** The fingerprint of a person with their devices' signature keys. */
export async function fingerprint(userID: string, signatureKeys: Bytes[]): Promise<Bytes> {
  const keys = signatureKeys
    .map((k) => ({ k, hex: toHex(k) }))
    .sort((a, b) => (a.hex < b.hex ? -1 : 1))
    .flatMap(({ k }) => [uint32(k.length), k]);
  const name = utf8(userID);
  const hash = await crypto.subtle.digest("SHA-512", concat(uint32(name.length), name, ...keys));
  const base = await crypto.subtle.importKey("raw", hash, "PBKDF2", false, ["deriveBits"]);
  const salt = utf8("kinwire safety 1");
  const bits = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS };
  return new Uint8Array(await crypto.subtle.deriveBits(bits, base, 512));
}

/** What is shown for two fingerprints; which is whose does not matter. */
export function safetyNumber(a: Bytes, b: Bytes): Pick<Safety, "digits" | "pictures"> {
  const both = toHex(a) < toHex(b) ? [a, b] : [b, a];
  return { digits: both.flatMap(digitsOf), pictures: both.flatMap(picturesOf) };
}

function digitsOf(hash: Bytes): string[] {
  const view = new DataView(hash.buffer, hash.byteOffset);
  return [0, 1, 2, 3, 4, 5].map((i) => {
    const forty = view.getUint8(i * 5) * 2 ** 32 + view.getUint32(i * 5 + 1);
    return String(forty % 100_000).padStart(5, "0");
  });
}

function picturesOf(hash: Bytes): { emoji: string; name: string }[] {
  // Bytes that the digits do not use; 64 pictures divide a byte without favouring any.
  return [...hash.subarray(32, 38)].map((b) => PICTURES[b % PICTURES.length]!);
}

/** Things that a child can name and that look unlike one another, in every emoji font. */
const PICTURES: { emoji: string; name: string }[] = (
  "🐶 dog,🐱 cat,🐭 mouse,🐰 rabbit,🐻 bear,🐼 panda,🦁 lion,🐮 cow,🐷 pig,🐸 frog,🐵 monkey,🐔 chicken,🐧 penguin,🦉 owl,🐴 horse,🦄 unicorn," +
  "🐝 bee,🦋 butterfly,🐌 snail,🐞 ladybird,🐢 turtle,🐙 octopus,🐟 fish,🐳 whale,🐘 elephant,🦒 giraffe,🐪 camel,🦔 hedgehog,🌵 cactus,🌻 sunflower,🌳 tree,🍄 mushroom," +
  "🌙 moon,⭐ star,🌈 rainbow,🔥 fire,⛄ snowman,☂️ umbrella,🍎 apple,🍌 banana,🍓 strawberry,🍉 melon,🍋 lemon,🥕 carrot,🌽 corn,🍕 pizza,🍩 doughnut,🍦 ice cream," +
  "⚽ ball,🎲 dice,🎁 present,🎈 balloon,🎸 guitar,🥁 drum,🚗 car,🚲 bicycle,🚂 train,⛵ boat,🚀 rocket,🏠 house,🔑 key,🔔 bell,✂️ scissors,⏰ clock"
)
  .split(",")
  .map((entry) => ({
    emoji: entry.slice(0, entry.indexOf(" ")),
    name: entry.slice(entry.indexOf(" ") + 1),
  }));
