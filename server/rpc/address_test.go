package rpc_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/rpc"
)

// Limits count by address, so what anybody can write must not change it.
func TestClientIP_BelievesTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"NoProxy":             {"203.0.113.9:1", nil, "203.0.113.9"},
		"ForgedByTheClient":   {"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		"OneProxy":            {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"ForgedBeforeProxy":   {"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		"ForgedInOwnHeader":   {"10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		"TwoProxies":          {"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1,10.0.0.2"}, "198.51.100.1"},
		"OnlyProxies":         {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"Nonsense":            {"10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		"NonsenseInBetween":   {"10.0.0.1:1", []string{"198.51.100.1, x, 10.0.0.2"}, "10.0.0.2"},
		"IPv6":                {"[2001:db8::1]:1", []string{"198.51.100.1"}, "2001:db8::1"},
		"IPv6Proxy":           {"[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv4InIPv6":          {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"OtherHeadersNothing": {"203.0.113.9:1", nil, "203.0.113.9"},
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen netip.Addr
			h := rpc.Wrap(rpc.HTTPOptions{Proxies: proxies}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				seen = rpc.ClientIP(r.Context())
			}))
			req := httptest.NewRequest(http.MethodGet, "/", nil)
			req.RemoteAddr = test.peer
			req.Header["X-Forwarded-For"] = test.forwarded
			req.Header.Set("CF-Connecting-IP", "192.0.2.66")
			req.Header.Set("X-Real-IP", "192.0.2.66")
			h.ServeHTTP(httptest.NewRecorder(), req)
			require.Equal(t, test.want, seen.String())
		})
	}
}

// Somebody with an IPv6 connection has more addresses than a limiter has memory.
func TestClientNetwork_CountsAnIPv6NetworkAsOne(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]string{
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[2001:db8:1:2::9]:1": "2001:db8:1:2::/64", "203.0.113.9:1": "203.0.113.9",
	} {
		var seen string
		h := rpc.Wrap(rpc.HTTPOptions{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			seen = rpc.ClientNetwork(r.Context())
		}))
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.RemoteAddr = peer
		h.ServeHTTP(httptest.NewRecorder(), req)
		require.Equal(t, want, seen)
	}
}
