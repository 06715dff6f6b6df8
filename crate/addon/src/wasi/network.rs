//! Which sockets a WASI program may use: none but those that a configuration lists.

use napi_derive::napi;
use std::net::{IpAddr, SocketAddr};
use wasmtime::Result;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

/// Addresses that share their first `prefix` bits, and a port of theirs.
#[napi(object, object_to_js = false)]
pub struct NativeAddressRule {
    pub address: String,
    pub prefix: u8,
    /// Any port, without one.
    pub port: Option<u16>,
}

/// See `WasiNetwork` in `lib/`.
#[napi(object, object_to_js = false)]
pub struct NativeNetwork {
    pub tcp_connect: Vec<NativeAddressRule>,
    pub tcp_listen: Vec<NativeAddressRule>,
    pub udp: Vec<NativeAddressRule>,
    pub udp_bind: Vec<NativeAddressRule>,
    pub name_lookup: bool,
}

pub fn allow(builder: &mut WasiCtxBuilder, network: &NativeNetwork) -> Result<()> {
    let connect = rules(&network.tcp_connect)?;
    let listen = rules(&network.tcp_listen)?;
    let exchange = rules(&network.udp)?;
    let bind = rules(&network.udp_bind)?;
    builder.allow_tcp(!connect.is_empty() || !listen.is_empty());
    builder.allow_udp(!exchange.is_empty() || !bind.is_empty());
    builder.allow_ip_name_lookup(network.name_lookup);
    builder.socket_addr_check(move |address, use_of| {
        let allowed = match use_of {
            SocketAddrUse::TcpConnect => allows(&connect, address),
            SocketAddrUse::TcpListen => allows(&listen, address),
            // Of no use without one of the above, or below.
            SocketAddrUse::TcpBind => is_any(address) || allows(&listen, address),
            SocketAddrUse::UdpBind => is_any(address) || allows(&bind, address),
            // From whom, is nothing that who listens can choose.
            SocketAddrUse::TcpAccept => true,
            SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => allows(&exchange, address),
        };
        Box::pin(async move { allowed })
    });
    Ok(())
}

/// What a socket is bound to when nothing was asked for.
fn is_any(address: SocketAddr) -> bool {
    address.ip().is_unspecified() && address.port() == 0
}

struct Rule {
    address: IpAddr,
    prefix: u8,
    port: Option<u16>,
}

fn rules(rules: &[NativeAddressRule]) -> Result<Vec<Rule>> {
    let parse = |rule: &NativeAddressRule| {
        Ok(Rule {
            address: rule.address.parse()?,
            prefix: rule.prefix,
            port: rule.port,
        })
    };
    rules.iter().map(parse).collect()
}

fn allows(rules: &[Rule], address: SocketAddr) -> bool {
    rules.iter().any(|rule| rule.covers(address))
}

impl Rule {
    fn covers(&self, address: SocketAddr) -> bool {
        let same_network = match (self.address, address.ip().to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => shares_prefix(
                own.to_bits().into(),
                other.to_bits().into(),
                self.prefix,
                32,
            ),
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                shares_prefix(own.to_bits(), other.to_bits(), self.prefix, 128)
            }
            _ => false,
        };
        same_network && self.port.is_none_or(|port| port == address.port())
    }
}

/// Whether the first `prefix` of `bits` bits are the same.
fn shares_prefix(a: u128, b: u128, prefix: u8, bits: u32) -> bool {
    let rest = bits.saturating_sub(prefix.into());
    // A shift by all 128 bits isn't defined.
    (a ^ b).checked_shr(rest).unwrap_or(0) == 0
}
