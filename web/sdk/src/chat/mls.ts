import type { ClientState, KeyPackage, PrivateKeyPackage, Proposal } from "ts-mls";
import { own, text, toHex, utf8, type Bytes } from "./bytes.ts";
import {
  decode,
  freshKeyPackage,
  leaves,
  library,
  memberOf,
  type Member,
  type OwnKeyPackage,
} from "./leaves.ts";
import { numberOf, suiteOf, type SignatureKeys } from "./suites.ts";

/**
 * A thin layer over ts-mls: MLS groups (RFC 9420) as this app uses them.
 *
 * Nothing here keeps anything. Each function takes a state and gives the state after it; whoever calls keeps
 * that before what came with it leaves the device, and then overwrites `consumed` with zeros.
 *
 * What this app makes of MLS's freedoms:
 *   - a leaf is a device; its basic credential is the UTF-8 text "user id/device id";
 *   - commits are PublicMessages, whole in themselves: proposals by value, additions and removals only. The server
 *     is told additions and removals anyway, and a commit that lost a race has then used no key of the epoch;
 *   - messages are PrivateMessages, padded so that their length says little (padded);
 *   - the GroupInfo that goes with a commit has the tree and the external key, so that a member's device can come in
 *     by itself.
 */
/** What a commit does. */
export interface Change {
  committer: Member;
  /** Device ids, the committer's own included where it came in by an external commit. */
  adds: string[];
  removes: string[];
  external: boolean;
}

/** The MLS group id of a conversation's generation. */
export function groupID(conversationID: string, generation: number): Bytes {
  return utf8(`${conversationID}:${generation}`);
}

/** Where a state stands. */
export function place(state: ClientState): { group: string; epoch: number; suite: number } {
  const { groupId, epoch, cipherSuite } = state.groupContext;
  return { group: text(groupId), epoch: Number(epoch), suite: numberOf(cipherSuite) };
}

async function config(padTo = 0) {
  const m = await library();
  return {
    // Messages of an epoch come before the commit that ends it, so one epoch back is only for those that were
    // on their way around a commit of one's own.
    keyRetentionConfig: {
      retainKeysForGenerations: 16,
      retainKeysForEpochs: 2,
      maximumForwardRatchetSteps: 5000,
    },
    lifetimeConfig: m.defaultLifetimeConfig,
    keyPackageEqualityConfig: m.defaultKeyPackageEqualityConfig,
    paddingConfig: { kind: "padUntilLength" as const, padUntilLength: padTo },
    // Credentials are compared with the directory by those who call, for whole rosters: see people.ts.
    authService: m.defaultAuthenticationService,
  };
}

/** A state as bytes, and back. */
export async function encodeState(state: ClientState): Promise<Bytes> {
  return own((await library()).encodeGroupState(state));
}
export async function decodeState(bytes: Bytes): Promise<ClientState> {
  const decoded = (await library()).decodeGroupState(bytes, 0);
  if (!decoded) throw new Error("a kept state cannot be read");
  return { ...decoded[0], clientConfig: await config() };
}

/** A new group with this device alone, in epoch 0. */
export async function create(
  id: Bytes,
  suite: number,
  me: Member,
  keys: SignatureKeys,
): Promise<ClientState> {
  const cs = await suiteOf(suite);
  const m = await library();
  const made = await freshKeyPackage(m, cs, me, keys);
  return m.createGroup(id, made.publicPackage, made.privatePackage, [], cs, await config());
}

/** A commit with what goes along with it, and the state after it. */
export interface Committing {
  state: ClientState;
  commit: Bytes;
  welcome: Bytes | undefined;
  groupInfo: Bytes;
}

/** Adds key packages' devices and removes leaves by device id; with neither it renews this leaf's keys. */
export async function commit(state: ClientState, adds: KeyPackage[], removes: string[]): Promise<Committing> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  const inTree = leaves(state);
  const extraProposals: Proposal[] = [
    ...removes.map((id): Proposal => {
      const leaf = inTree.find((l) => l.deviceID === id);
      if (!leaf) throw new Error(`device ${id} is not in the group`);
      return { proposalType: "remove", remove: { removed: leaf.index } };
    }),
    ...adds.map((keyPackage): Proposal => ({ proposalType: "add", add: { keyPackage } })),
  ];
  const made = await m.createCommit(
    { state, cipherSuite: cs },
    { wireAsPublicMessage: true, extraProposals, ratchetTreeExtension: true },
  );
  const welcome =
    made.welcome &&
    m.encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome: made.welcome });
  return {
    state: made.newState,
    commit: own(m.encodeMlsMessage(made.commit)),
    welcome: welcome && own(welcome),
    groupInfo: await groupInfo(made.newState),
  };
}

async function groupInfo(state: ClientState): Promise<Bytes> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  const info = await m.createGroupInfoWithExternalPubAndRatchetTree(state, [], cs);
  return own(m.encodeMlsMessage({ version: "mls10", wireformat: "mls_group_info", groupInfo: info }));
}

/** Comes in by itself (RFC 9420, section 12.4.3.2); an old leaf of this device goes out in the same commit. */
export async function joinExternal(
  info: Bytes,
  me: Member,
  keys: SignatureKeys,
): Promise<Committing & { replaced: boolean }> {
  const m = await library();
  const decoded = await decode(info);
  if (decoded.wireformat !== "mls_group_info") throw new Error("not a group info");
  const cs = await suiteOf(numberOf(decoded.groupInfo.groupContext.cipherSuite));
  const { ratchetTreeFromExtension } = await import("ts-mls/groupInfo.js");
  const tree = ratchetTreeFromExtension(decoded.groupInfo) ?? [];
  const replaced = tree.some(
    (n) => n?.nodeType === "leaf" && toHex(n.leaf.signaturePublicKey) === toHex(keys.publicKey),
  );
  const made = await freshKeyPackage(m, cs, me, keys);
  const joined = await m.joinGroupExternal(
    decoded.groupInfo,
    made.publicPackage,
    made.privatePackage,
    replaced,
    cs,
    undefined,
    await config(),
  );
  const commit = m.encodeMlsMessage({
    version: "mls10",
    wireformat: "mls_public_message",
    publicMessage: joined.publicMessage,
  });
  return {
    state: joined.newState,
    commit: own(commit),
    welcome: undefined,
    groupInfo: await groupInfo(joined.newState),
    replaced,
  };
}

/** The references of the key packages that a Welcome is for, in hex. */
export async function welcomeRefs(message: Bytes): Promise<string[]> {
  const decoded = await decode(message);
  if (decoded.wireformat !== "mls_welcome") throw new Error("not a welcome");
  return decoded.welcome.secrets.map((s) => toHex(s.newMember));
}

/** Comes in by a Welcome. */
export async function join(message: Bytes, kept: OwnKeyPackage, keys: SignatureKeys): Promise<ClientState> {
  const m = await library();
  const cs = await suiteOf(kept.suite);
  const decoded = await decode(message);
  if (decoded.wireformat !== "mls_welcome") throw new Error("not a welcome");
  const mine = await decode(kept.message);
  if (mine.wireformat !== "mls_key_package") throw new Error("not a key package");
  const secrets: PrivateKeyPackage = {
    initPrivateKey: kept.initKey,
    hpkePrivateKey: kept.leafKey,
    signaturePrivateKey: keys.signKey,
  };
  return m.joinGroup(
    decoded.welcome,
    mine.keyPackage,
    secrets,
    m.emptyPskIndex,
    cs,
    undefined,
    undefined,
    await config(),
  );
}

/** Encrypts a message. authenticated goes along in the clear, bound to it. */
export async function encrypt(
  state: ClientState,
  plaintext: Bytes,
  authenticated: Bytes,
): Promise<{ state: ClientState; body: Bytes; consumed: Uint8Array[] }> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  const padding = { ...state, clientConfig: await config(padded(plaintext.length)) };
  const made = await m.createApplicationMessage(padding, plaintext, cs, authenticated);
  const body = m.encodeMlsMessage({
    version: "mls10",
    wireformat: "mls_private_message",
    privateMessage: made.privateMessage,
  });
  return {
    state: { ...made.newState, clientConfig: state.clientConfig },
    body: own(body),
    consumed: made.consumed,
  };
}

/**
 * The length that a plaintext of n bytes is padded to: what fits into 512 bytes looks all the same, and above
 * that there are four sizes between each power of two and the next, so that at most a quarter is added.
 */
export function padded(n: number): number {
  const framed = n + 160; // signature, lengths
  if (framed <= 512) return 512;
  const step = 2 ** (Math.floor(Math.log2(framed - 1)) - 2);
  return Math.ceil(framed / step) * step;
}

/** A message that was opened. */
export interface Opened {
  state: ClientState;
  plaintext: Bytes;
  authenticated: Bytes;
  /** Whose signature it has. */
  sender: Member;
  consumed: Uint8Array[];
}

/** Opens a message of this epoch or the one before; throws where it is not one of this group's. */
export async function open(state: ClientState, body: Bytes): Promise<Opened> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  const decoded = await decode(body);
  if (decoded.wireformat !== "mls_private_message") throw new Error("not a private message");
  const message = decoded.privateMessage;
  if (toHex(message.groupId) !== toHex(state.groupContext.groupId)) throw new Error("of another group");
  if (message.contentType !== "application") throw new Error(`${message.contentType} instead of a message`);
  // The library does not say who sent it: the sender's leaf is read the same way as it does itself.
  const past = state.historicalReceiverData.get(message.epoch);
  const now = message.epoch === state.groupContext.epoch;
  const { decryptSenderData } = await import("ts-mls/privateMessage.js");
  const secret = now ? state.keySchedule.senderDataSecret : past?.senderDataSecret;
  const data = secret && (await decryptSenderData(message, secret, cs));
  const tree = now ? state.ratchetTree : past?.ratchetTree;
  const leaf = data && tree?.[data.leafIndex * 2];
  if (leaf?.nodeType !== "leaf") throw new Error(`cannot be read in epoch ${state.groupContext.epoch}`);
  const result = await m.processPrivateMessage(state, message, m.emptyPskIndex, cs);
  if (result.kind !== "applicationMessage") throw new Error("not a message");
  return {
    state: result.newState,
    plaintext: own(result.message),
    authenticated: own(message.authenticatedData),
    sender: memberOf(leaf.leaf.credential),
    consumed: result.consumed,
  };
}

/** Processes somebody else's commit. Throws where it does not verify, or does more than add and remove. */
export async function processCommit(
  state: ClientState,
  message: Bytes,
): Promise<{ state: ClientState; change: Change; removed: boolean; consumed: Uint8Array[] }> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  const decoded = await decode(message);
  if (decoded.wireformat !== "mls_public_message") throw new Error("a commit that is no public message");
  const { content } = decoded.publicMessage;
  if (content.contentType !== "commit") throw new Error(`${content.contentType} instead of a commit`);
  if (toHex(content.groupId) !== toHex(state.groupContext.groupId)) throw new Error("of another group");
  const before = leaves(state);
  const named = (index: number) => before.find((l) => l.index === index)?.deviceID ?? `leaf ${index}`;
  const adds: string[] = [];
  const removes: string[] = [];
  let foreign = "";
  const result = await m.processPublicMessage(
    state,
    decoded.publicMessage,
    m.emptyPskIndex,
    cs,
    (incoming) => {
      if (incoming.kind === "proposal") return "reject";
      for (const { proposal } of incoming.proposals) {
        if (proposal.proposalType === "add") {
          adds.push(memberOf(proposal.add.keyPackage.leafNode.credential).deviceID);
        } else if (proposal.proposalType === "remove") removes.push(named(proposal.remove.removed));
        else if (proposal.proposalType !== "external_init") foreign = String(proposal.proposalType);
      }
      return foreign ? "reject" : "accept";
    },
  );
  if (foreign || result.actionTaken === "reject") throw new Error(`a commit with a proposal of ${foreign}`);
  const external = content.sender.senderType === "new_member_commit";
  const leaf = before.find(
    (l) => content.sender.senderType === "member" && l.index === content.sender.leafIndex,
  );
  const committer = external ? memberOf(content.commit.path!.leafNode.credential) : leaf && who(leaf);
  if (!committer) throw new Error("a commit of nobody in the group");
  if (external) adds.push(committer.deviceID);
  return {
    state: result.newState,
    change: { committer, adds, removes, external },
    removed: result.newState.groupActiveState.kind === "removedFromGroup",
    consumed: result.consumed,
  };
}

function who({ userID, deviceID }: Member): Member {
  return { userID, deviceID };
}

/**
 * The state after a commit of one's own, once it has won. What was read between making it and now is no longer
 * readable in the epoch that it ended.
 */
export async function rebased(pending: ClientState, current: ClientState | undefined): Promise<ClientState> {
  if (!current || current.groupContext.epoch + 1n !== pending.groupContext.epoch) return pending;
  const { addHistoricalReceiverData } = await import("ts-mls/clientState.js");
  const [historicalReceiverData] = addHistoricalReceiverData(current);
  return { ...pending, historicalReceiverData };
}

/** A secret that only this epoch's members have (RFC 9420, section 8.5). */
export async function exportSecret(
  state: ClientState,
  label: string,
  context: Bytes,
  n: number,
): Promise<Bytes> {
  const cs = await suiteOf(place(state).suite);
  const m = await library();
  return own(await m.mlsExporter(state.keySchedule.exporterSecret, label, context, n, cs));
}
