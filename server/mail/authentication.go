package mail

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"
)

// Authentication is one verdict in an Authentication-Results header.
type Authentication struct {
	Server string // who says so
	Method string // spf, dkim, dmarc, arc
	Result string // pass, fail, none ...
	Domain string // about which domain
}

// readAuthentication reads the verdicts, outermost server first. What cannot be read is left out.
func readAuthentication(values []string) []Authentication {
	const most = 20
	var all []Authentication
	for _, value := range values[:min(len(values), most)] {
		server, results, err := authres.Parse(cleanLine(value))
		if err != nil {
			continue
		}
		for _, result := range results[:min(len(results), most)] {
			if a, ok := verdict(result); ok {
				a.Server = strings.ToLower(server)
				all = append(all, a)
			}
		}
	}
	return all
}

func verdict(result authres.Result) (Authentication, bool) {
	switch r := result.(type) {
	case *authres.SPFResult:
		domain := r.From
		if domain == "" {
			domain = r.Helo
		}
		return Authentication{Method: "spf", Result: string(r.Value), Domain: domainOf(domain)}, true
	case *authres.DKIMResult:
		return Authentication{Method: "dkim", Result: string(r.Value), Domain: domainOf(r.Domain)}, true
	case *authres.DMARCResult:
		return Authentication{Method: "dmarc", Result: string(r.Value), Domain: domainOf(r.From)}, true
	case *authres.ARCResult:
		return Authentication{Method: "arc", Result: string(r.Value)}, true
	}
	return Authentication{}, false
}

// domainOf returns the domain of an address, or of what is one already.
func domainOf(s string) string {
	domain, err := NormalizeDomain(s[strings.LastIndexByte(s, '@')+1:])
	if err != nil {
		return ""
	}
	return domain
}
