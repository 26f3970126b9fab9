package rpc

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP is the address that the request of ctx came from, behind trusted
// proxies. It is invalid outside a request.
func ClientIP(ctx context.Context) netip.Addr {
	x := exchangeOf(ctx)
	if x == nil {
		return netip.Addr{}
	}
	return clientIP(x.request, x.server.Proxies)
}

// clientIP walks from the connection's own address towards the client for as
// long as the address is a trusted proxy's, whose word for the next one counts.
// Everything further left could have been written by anybody.
func clientIP(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap()
	hops := r.Header["X-Forwarded-For"]
	for i := len(hops) - 1; i >= 0; i-- {
		hop := hops[i]
		for hop != "" {
			if !trusted(client, proxies) {
				return client
			}
			comma := strings.LastIndexByte(hop, ',')
			next, err := netip.ParseAddr(strings.TrimSpace(hop[comma+1:]))
			if err != nil {
				return client
			}
			client = next.Unmap().WithZone("")
			hop = hop[:max(comma, 0)]
		}
	}
	return client
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is what limits count for one client: an IPv6 client has a whole /64
// to itself.
func network(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	if p, err := a.Prefix(64); err == nil && p.IsValid() {
		return p.String()
	}
	return "unknown"
}

// ClientNetwork is the client's address as limits count it: the address itself,
// or the /64 network of an IPv6 address. It is "unknown" outside a request.
func ClientNetwork(ctx context.Context) string { return network(ClientIP(ctx)) }
