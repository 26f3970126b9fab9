package parley

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/parley-chat/parley/gen/parley/activity/v1/activityv1connect"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	"github.com/parley-chat/parley/gen/parley/compose/v1/composev1connect"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	"github.com/parley-chat/parley/gen/parley/livechat/v1/livechatv1connect"
	"github.com/parley-chat/parley/gen/parley/mail/v1/mailv1connect"
	"github.com/parley-chat/parley/gen/parley/messenger/v1/messengerv1connect"
	"github.com/parley-chat/parley/gen/parley/record/v1/recordv1connect"
	"github.com/parley-chat/parley/gen/parley/search/v1/searchv1connect"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
	"github.com/parley-chat/parley/gen/parley/translation/v1/translationv1connect"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
)

// Client is a Parley server as one caller reaches it. It may be used by any
// number of goroutines; its fields are not to be changed.
type Client struct {
	Identity    identityv1connect.IdentityServiceClient
	Records     recordv1connect.RecordServiceClient
	Chatter     chatterv1connect.ChatterServiceClient
	Activity    activityv1connect.ActivityServiceClient
	Compose     composev1connect.ComposeServiceClient
	Files       threadv1connect.FileServiceClient
	Search      searchv1connect.SearchServiceClient
	LiveChat    livechatv1connect.LiveChatServiceClient
	Visitor     visitorv1connect.VisitorServiceClient
	Live        livev1connect.LiveServiceClient
	Mail        mailv1connect.MailServiceClient
	Messenger   messengerv1connect.MessengerServiceClient
	Translation translationv1connect.TranslationServiceClient

	token *atomic.Value // string
	retry Retry
	tempo tempo
}

// Option changes how a Client reaches its server.
type Option func(*config)

type config struct {
	token   string
	http    connect.HTTPClient
	grpc    bool
	retry   Retry
	tempo   tempo
	options []connect.ClientOption
}

// WithToken makes all calls with a token: a session's, an API key's or a
// visitor's.
func WithToken(token string) Option { return func(c *config) { c.token = token } }

// WithHTTPClient replaces the HTTP client. It must have no Timeout, which would
// end subscriptions: calls have time limits of their own.
func WithHTTPClient(client connect.HTTPClient) Option { return func(c *config) { c.http = client } }

// WithGRPC speaks gRPC instead of the Connect protocol, over HTTP/2 also where
// there is no TLS.
func WithGRPC() Option { return func(c *config) { c.grpc = true } }

// WithRetry changes how failed calls are tried again.
func WithRetry(retry Retry) Option { return func(c *config) { c.retry = retry } }

// WithClientOptions passes options on to every generated client, such as
// interceptors of one's own, which run around the retries.
func WithClientOptions(options ...connect.ClientOption) Option {
	return func(c *config) { c.options = append(c.options, options...) }
}

// New makes a client of the server at baseURL, such as
// "https://chat.example.com". It connects when it is used: an address that is
// wrong shows in the first call.
func New(baseURL string, options ...Option) *Client {
	cfg := config{tempo: usualTempo()}
	for _, option := range options {
		option(&cfg)
	}
	c := &Client{token: new(atomic.Value), retry: cfg.retry.withDefaults(), tempo: cfg.tempo}
	c.SetToken(cfg.token)
	if cfg.http == nil {
		cfg.http = &http.Client{Transport: newTransport(cfg.grpc && strings.HasPrefix(baseURL, "http:"))}
	}
	opts := cfg.options
	if cfg.grpc {
		opts = append(opts, connect.WithGRPC())
	}
	opts = append(opts, connect.WithInterceptors(&retrier{Retry: c.retry, sleep: c.tempo.sleep}, bearer{c.Token}))
	c.Identity = identityv1connect.NewIdentityServiceClient(cfg.http, baseURL, opts...)
	c.Records = recordv1connect.NewRecordServiceClient(cfg.http, baseURL, opts...)
	c.Chatter = chatterv1connect.NewChatterServiceClient(cfg.http, baseURL, opts...)
	c.Activity = activityv1connect.NewActivityServiceClient(cfg.http, baseURL, opts...)
	c.Compose = composev1connect.NewComposeServiceClient(cfg.http, baseURL, opts...)
	c.Files = threadv1connect.NewFileServiceClient(cfg.http, baseURL, opts...)
	c.Search = searchv1connect.NewSearchServiceClient(cfg.http, baseURL, opts...)
	c.Mail = mailv1connect.NewMailServiceClient(cfg.http, baseURL, opts...)
	c.LiveChat = livechatv1connect.NewLiveChatServiceClient(cfg.http, baseURL, opts...)
	c.Messenger = messengerv1connect.NewMessengerServiceClient(cfg.http, baseURL, opts...)
	c.Translation = translationv1connect.NewTranslationServiceClient(cfg.http, baseURL, opts...)
	c.Visitor = visitorv1connect.NewVisitorServiceClient(cfg.http, baseURL, opts...)
	c.Live = livev1connect.NewLiveServiceClient(cfg.http, baseURL, opts...)
	return c
}

// newTransport is http.DefaultTransport with checks of connections that went
// silent, so that a call does not wait for one that is dead.
func newTransport(cleartextHTTP2 bool) *http.Transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   20,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
	if cleartextHTTP2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

// Token is what calls are made with at present; empty for none.
func (c *Client) Token() string {
	token, _ := c.token.Load().(string)
	return token
}

// SetToken makes further calls with another token, or with none if it is empty.
func (c *Client) SetToken(token string) { c.token.Store(token) }

// SignIn signs a user in; every call from now on is made as that user. The
// workspace may be empty on a server that has only one. It fails with reason
// SIGN_IN_FAILED when address or password are wrong.
func (c *Client) SignIn(ctx context.Context, workspace, email, password string) (*identityv1.SignInResponse, error) {
	answer, err := c.Identity.SignIn(ctx, &identityv1.SignInRequest{Workspace: workspace, Email: email, Password: password})
	if err != nil {
		return nil, err
	}
	c.SetToken(answer.GetToken())
	return answer, nil
}

// SignOut ends the session and forgets its token.
func (c *Client) SignOut(ctx context.Context) error {
	if _, err := c.Identity.SignOut(ctx, &identityv1.SignOutRequest{}); err != nil {
		return err
	}
	c.SetToken("")
	return nil
}

// bearer sends the token along, if there is one.
type bearer struct{ token func() string }

// WrapUnary implements connect.Interceptor.
func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		b.sign(request.Header())
		return next(ctx, request)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		b.sign(conn.RequestHeader())
		return conn
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (b bearer) sign(header http.Header) {
	if token := b.token(); token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
}
