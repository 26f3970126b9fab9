// Package demo fills a new installation with a believable small company, so that
// whoever tries Parley sees conversations and not empty lists. It goes through the
// same handlers as everybody: what it makes could have been made by hand.
package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/store"
)

// What the demo is signed in to with.
const (
	Workspace = "fernhill"
	Email     = "nora@fernhill.example"
	Password  = "fernhill-demo"
)

//go:embed company.json
var company []byte

type data struct {
	Users []struct {
		Key, Name, Email, Role, Locale string
		ChatName                       string `json:"chat_name"`
	}
	Records []entry
	Changes []entry
	Posts   []struct {
		On, By, Text string
		Internal     bool
		Mentions     []string
	}
	Chats      []chat
	Activities []planned
	Templates  []template
}

type entry struct {
	Key, On, Type, By string
	Fields            map[string]any
}

type chat struct {
	Name, Locale, Page string
	TimeZone           string `json:"time_zone"`
	Closed             bool
	Lines              []struct {
		Visitor bool
		Text    string
	}
}

// loader is a demo on its way in.
type loader struct {
	s         *server.Server
	workspace uuid.UUID
	people    map[string]access.Caller
	records   map[string]*recordv1.Record
	agents    []string
}

// Load makes the demo workspace unless it is there.
func Load(ctx context.Context, s *server.Server) error {
	_, err := db.New().WorkspaceGetByName(ctx, s.Pool, Workspace)
	if err == nil {
		return nil
	}
	if !store.IsNoRows(err) {
		return fmt.Errorf("look for the demo: %w", err)
	}
	var d data
	if err := json.Unmarshal(company, &d); err != nil {
		return fmt.Errorf("read the demo: %w", err)
	}
	l := &loader{s: s, people: map[string]access.Caller{}, records: map[string]*recordv1.Record{}}
	for _, step := range []func(context.Context, *data) error{l.users, l.addRecords, l.posts, l.changes, l.chats, l.plans, l.templates} {
		if err := step(ctx, &d); err != nil {
			return err
		}
	}
	return nil
}

// as is a context in which somebody of the company calls.
func (l *loader) as(ctx context.Context, key string) context.Context {
	return access.WithCaller(ctx, l.people[key])
}

func (l *loader) users(ctx context.Context, d *data) error {
	first := d.Users[0]
	made, err := l.s.CreateWorkspace(ctx, identity.CreateWorkspaceParams{
		Name: Workspace, Title: "Fernhill Garden Supply", AdminEmail: first.Email, AdminName: first.Name, AdminPassword: Password,
	})
	if err != nil {
		return fmt.Errorf("make the demo workspace: %w", err)
	}
	l.workspace = made.Workspace
	for i, u := range d.Users {
		role := identityv1.Role(identityv1.Role_value[u.Role])
		c := access.Caller{
			Kind: access.User, Workspace: l.workspace, ID: made.Administrator, Session: true, Role: role, Name: u.Name,
			ChatName: u.ChatName, Email: u.Email, Locale: u.Locale,
		}
		if c.ChatName == "" {
			c.ChatName = u.Name
		}
		if i > 0 {
			res, err := l.s.Identity.CreateUser(l.as(ctx, first.Key), &identityv1.CreateUserRequest{
				RequestId: uuid.NewString(), Email: u.Email, Name: u.Name, Role: role, Password: Password, ChatName: u.ChatName, Locale: u.Locale,
			})
			if err != nil {
				return fmt.Errorf("add %s: %w", u.Name, err)
			}
			c.ID = uuid.MustParse(res.GetUser().GetId())
		}
		l.people[u.Key] = c
		if i == 0 {
			_, err := l.s.Identity.UpdateUser(l.as(ctx, u.Key), &identityv1.UpdateUserRequest{
				User:       &identityv1.User{Id: c.ID.String(), ChatName: u.ChatName},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"chat_name"}},
			})
			if err != nil {
				return fmt.Errorf("name %s: %w", u.Name, err)
			}
		}
		if role == identityv1.Role_ROLE_AGENT {
			l.agents = append(l.agents, u.Key)
		}
	}
	// The first user was made with the workspace, which does not ask for these.
	_, err = l.s.Identity.UpdateUser(l.as(ctx, first.Key), &identityv1.UpdateUserRequest{User: &identityv1.User{
		Id: made.Administrator.String(), ChatName: first.ChatName, Locale: first.Locale,
	}})
	if err != nil {
		return fmt.Errorf("name %s: %w", first.Name, err)
	}
	return nil
}

// resolve replaces "@key" by the id that it stands for, also in lists.
func (l *loader) resolve(fields map[string]any) (*structpb.Struct, error) {
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		if list, ok := value.([]any); ok {
			ids := make([]any, len(list))
			for i, one := range list {
				ids[i] = l.known(one)
			}
			value = ids
		}
		out[name] = l.known(value)
	}
	return structpb.NewStruct(out)
}

// known is what a value stands for: itself, unless it names a record or somebody.
func (l *loader) known(value any) any {
	key, ok := value.(string)
	if !ok || !strings.HasPrefix(key, "@") {
		return value
	}
	if r := l.records[key[1:]]; r != nil {
		return r.GetId()
	}
	if c, ok := l.people[key[1:]]; ok {
		return c.ID.String()
	}
	return value
}

func (l *loader) addRecords(ctx context.Context, d *data) error {
	for _, e := range d.Records {
		fields, err := l.resolve(e.Fields)
		if err != nil {
			return fmt.Errorf("read %s: %w", e.Key, err)
		}
		res, err := l.s.Records.CreateRecord(l.as(ctx, e.By), &recordv1.CreateRecordRequest{
			RequestId: uuid.NewString(), Record: &recordv1.Record{Type: e.Type, Fields: fields},
		})
		if err != nil {
			return fmt.Errorf("add %s: %w", e.Key, err)
		}
		l.records[e.Key] = res.GetRecord()
	}
	return nil
}

func (l *loader) changes(ctx context.Context, d *data) error {
	for _, e := range d.Changes {
		fields, err := l.resolve(e.Fields)
		if err != nil {
			return fmt.Errorf("read change of %s: %w", e.On, err)
		}
		mask := &fieldmaskpb.FieldMask{}
		for name := range e.Fields {
			mask.Paths = append(mask.Paths, "fields."+name)
		}
		_, err = l.s.Records.UpdateRecord(l.as(ctx, e.By), &recordv1.UpdateRecordRequest{
			Record: &recordv1.Record{Id: l.records[e.On].GetId(), Fields: fields}, UpdateMask: mask,
		})
		if err != nil {
			return fmt.Errorf("change %s: %w", e.On, err)
		}
	}
	return nil
}

func (l *loader) posts(ctx context.Context, d *data) error {
	for _, p := range d.Posts {
		req := &chatterv1.PostMessageRequest{
			RequestId: uuid.NewString(), ThreadId: l.records[p.On].GetId(), Body: p.Text, Internal: p.Internal,
		}
		for _, m := range p.Mentions {
			req.MentionIds = append(req.MentionIds, l.people[m].ID.String())
		}
		if _, err := l.s.Chatter.PostMessage(l.as(ctx, p.By), req); err != nil {
			return fmt.Errorf("post on %s: %w", p.On, err)
		}
	}
	return nil
}

func (l *loader) chats(ctx context.Context, d *data) error {
	channels, err := l.s.LiveChat.ListChannels(l.as(ctx, "nora"), &livechatv1.ListChannelsRequest{})
	if err != nil {
		return fmt.Errorf("find the demo channel: %w", err)
	}
	channel := channels.GetChannels()[0].GetId()
	_, err = l.s.LiveChat.UpdateChannel(l.as(ctx, "nora"), &livechatv1.UpdateChannelRequest{
		Channel: &livechatv1.Channel{
			Id: channel, Title: "Fernhill Garden Supply", WelcomeText: "Hello. Ask us about plants, tools or your order.",
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title", "welcome_text"}},
	})
	if err != nil {
		return fmt.Errorf("name the demo channel: %w", err)
	}
	for _, agent := range l.agents {
		if _, err := l.s.LiveChat.JoinChannel(l.as(ctx, agent), &livechatv1.JoinChannelRequest{ChannelId: channel}); err != nil {
			return fmt.Errorf("join the demo channel: %w", err)
		}
	}
	for i, c := range d.Chats {
		if err := l.chat(ctx, channel, l.agents[i%len(l.agents)], c); err != nil {
			return fmt.Errorf("chat with %s: %w", c.Name, err)
		}
	}
	return nil
}

func (l *loader) chat(ctx context.Context, channel, agent string, c chat) error {
	visit, err := l.s.Visitors.StartVisit(ctx, &visitorv1.StartVisitRequest{ChannelId: channel, Locale: c.Locale, TimeZone: c.TimeZone})
	if err != nil {
		return err
	}
	visitor := access.WithCaller(ctx, access.Caller{
		Kind: access.Visitor, Workspace: l.workspace, ID: uuid.MustParse(visit.GetVisitor().GetId()), Name: c.Name, ChatName: c.Name,
	})
	opened, err := l.s.Visitors.OpenChat(visitor, &visitorv1.OpenChatRequest{
		RequestId: uuid.NewString(), ChannelId: channel, Body: c.Lines[0].Text, Name: c.Name, PageUrl: "https://fernhill.example" + c.Page,
	})
	if err != nil {
		return err
	}
	id := opened.GetChat().GetId()
	if len(c.Lines) > 1 {
		if _, err := l.s.LiveChat.TakeChat(l.as(ctx, agent), &livechatv1.TakeChatRequest{ChatId: id}); err != nil {
			return err
		}
	}
	for _, line := range c.Lines[1:] {
		if line.Visitor {
			_, err = l.s.Visitors.PostMessage(visitor, &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: id, Body: line.Text})
		} else {
			_, err = l.s.Chatter.PostMessage(l.as(ctx, agent), &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: id, Body: line.Text})
		}
		if err != nil {
			return err
		}
	}
	if c.Closed {
		_, err = l.s.LiveChat.CloseChat(l.as(ctx, agent), &livechatv1.CloseChatRequest{ChatId: id})
	}
	return err
}
