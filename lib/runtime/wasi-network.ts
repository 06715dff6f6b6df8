import { isIP } from 'node:net';
import type { NativeAddressRule, NativeNetwork } from '../generated/native.js';
import { checkArray, checkBoolean, checkKeys, checkObject, checkString } from './check.js';
import { misuse } from './errors.js';

/**
 * What of the network a program may use: nothing that isn't listed. An address is one of IPv4 or IPv6, with a
 * port or `*` for any: `127.0.0.1:8080`, `[::1]:*`; with a length after a slash it stands for all that
 * begin as it does: `10.0.0.0/8:443`, `0.0.0.0/0:*`. A refused one is the guest's error `access-denied`.
 * Mirrors `WasiCtxBuilder::socket_addr_check`.
 */
export interface WasiNetwork {
  /** Remote addresses that TCP sockets may connect to. */
  readonly tcpConnect?: readonly string[];
  /** Local addresses that TCP sockets may listen at, to whoever connects. */
  readonly tcpListen?: readonly string[];
  /** Remote addresses that UDP sockets may send to and receive from. */
  readonly udp?: readonly string[];
  /** Local addresses that UDP sockets may be bound to. */
  readonly udpBind?: readonly string[];
  /** Whether names may be looked up, as the host would. Mirrors `allow_ip_name_lookup`. */
  readonly nameLookup?: boolean;
}

const KEYS = ['tcpConnect', 'tcpListen', 'udp', 'udpBind', 'nameLookup'];

/** @internal */
export function networkOf(network: WasiNetwork): NativeNetwork {
  const what = 'options.network';
  checkKeys(what, checkObject(what, network), KEYS);
  const { tcpConnect = [], tcpListen = [], udp = [], udpBind = [], nameLookup = false } = network;
  return {
    tcpConnect: rules(`${what}.tcpConnect`, tcpConnect),
    tcpListen: rules(`${what}.tcpListen`, tcpListen),
    udp: rules(`${what}.udp`, udp),
    udpBind: rules(`${what}.udpBind`, udpBind),
    nameLookup: checkBoolean(`${what}.nameLookup`, nameLookup),
  };
}

function rules(what: string, addresses: unknown): NativeAddressRule[] {
  return checkArray(what, addresses).map((address, i) =>
    checkAddress(`${what}[${i}]`, checkString(`${what}[${i}]`, address)),
  );
}

/** An address, the length of the part that matters, and a port. */
const RULE =
  /^(?:\[(?<v6>[\da-f:.]+)\]|(?<v4>[\d.]+))(?:\/(?<prefix>\d{1,3}))?:(?<port>\d{1,5}|\*)$/i;

/** @internal */
export function checkAddress(what: string, text: string): NativeAddressRule {
  const { v4, v6, prefix, port } = RULE.exec(text)?.groups ?? {};
  const bits = v6 === undefined ? 32 : 128;
  const address = v6 ?? v4 ?? '';
  const rule = {
    address,
    prefix: prefix === undefined ? bits : Number(prefix),
    ...(port !== '*' && { port: Number(port) }),
  };
  if (isIP(address) !== (bits === 32 ? 4 : 6) || rule.prefix > bits || (rule.port ?? 0) > 65_535) {
    throw misuse(
      'ERR_INVALID_ARG_VALUE',
      `${what}: expected an address and a port, such as '127.0.0.1:80', '[::1]:*' or '10.0.0.0/8:443', got '${text}'`,
    );
  }
  return rule;
}
