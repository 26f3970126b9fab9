package livechat

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/presence"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// somebody is an online candidate named by a number.
func somebody(n byte, change func(*candidate)) candidate {
	c := candidate{user: uuid.UUID{15: n}, status: presence.Status{State: presence.Online, LastActive: noon}, joined: noon}
	if change != nil {
		change(&c)
	}
	return c
}

// Spec: L9
func TestChoose_Prefers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		better, worse func(*candidate)
		previous      byte
	}{
		"the previous operator, even with more chats": {
			better: func(c *candidate) { c.load = 9 }, worse: func(*candidate) {}, previous: 1,
		},
		"nobody for having been another visitor's": {
			better: func(*candidate) {}, worse: func(c *candidate) { c.load = 1 }, previous: 3,
		},
		"who is online, even with more chats": {
			better: func(c *candidate) { c.load = 9 }, worse: func(c *candidate) { c.status.State = presence.Away },
		},
		"fewer chats, even if given one just now": {
			better: func(c *candidate) { c.load, c.assigned = 1, noon }, worse: func(c *candidate) { c.load = 2 },
		},
		"who was given none yet": {
			better: func(c *candidate) { c.joined = noon.Add(time.Hour) }, worse: func(c *candidate) { c.assigned = noon.Add(-time.Hour) },
		},
		"who was given one longest ago": {
			better: func(c *candidate) { c.assigned = noon.Add(-2 * time.Hour) }, worse: func(c *candidate) { c.assigned = noon.Add(-time.Hour) },
		},
		"the older member": {
			better: func(c *candidate) { c.joined = noon.Add(-time.Hour) }, worse: func(*candidate) {},
		},
		"the smaller id, where all else is equal": {better: func(*candidate) {}, worse: func(*candidate) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			better, worse := somebody(1, c.better), somebody(2, c.worse)
			for _, order := range [][]candidate{{better, worse}, {worse, better}} {
				chosen, ok := choose(order, uuid.UUID{15: c.previous})
				require.True(t, ok)
				require.Equal(t, better.user, chosen.user)
			}
		})
	}
}

func TestChoose_NobodyAvailableIsNobodyChosen(t *testing.T) {
	t.Parallel()
	_, ok := choose(nil, uuid.UUID{15: 1})
	require.False(t, ok)
}

// The same operators must give the same choice in whatever order a node reads
// them, and nobody who has fewer chats may be passed over.
//
// Spec: L9
func TestChoose_DoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "operators")
		all := make([]candidate, n)
		for i := range all {
			all[i] = somebody(byte(i+1), func(c *candidate) {
				c.load = rapid.IntRange(0, 3).Draw(t, "load")
				c.assigned = noon.Add(time.Duration(rapid.IntRange(-2, 0).Draw(t, "assigned")) * time.Minute)
				c.joined = noon.Add(time.Duration(rapid.IntRange(-2, 0).Draw(t, "joined")) * time.Hour)
				c.status.State = rapid.SampledFrom([]presence.State{presence.Online, presence.Away}).Draw(t, "state")
			})
		}
		previous := uuid.UUID{15: byte(rapid.IntRange(0, n+1).Draw(t, "previous"))}
		first, ok := choose(all, previous)
		require.True(t, ok)
		rand.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
		again, _ := choose(all, previous)
		require.Equal(t, first, again)
		for _, c := range all {
			if first.user != previous && c.status.State == first.status.State {
				require.LessOrEqual(t, first.load, c.load)
			}
		}
	})
}

// Chats given out one by one to whoever is chosen are spread evenly.
//
// Spec: L9
func TestChoose_SpreadsEvenly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := make([]candidate, rapid.IntRange(1, 6).Draw(t, "operators"))
		for i := range all {
			all[i] = somebody(byte(i+1), nil)
		}
		for given := range rapid.IntRange(1, 40).Draw(t, "chats") {
			chosen, _ := choose(all, uuid.Nil)
			i := int(chosen.user[15]) - 1
			all[i].load++
			all[i].assigned = noon.Add(time.Duration(given) * time.Second)
		}
		least, most := all[0].load, all[0].load
		for _, c := range all {
			least, most = min(least, c.load), max(most, c.load)
		}
		require.LessOrEqual(t, most-least, 1)
	})
}

// Spec: L7
func TestStateOf_GoneIsWhoeverDoesNothingForLong(t *testing.T) {
	t.Parallel()
	const idle = 30 * time.Minute
	for _, c := range []struct {
		state  presence.State
		silent time.Duration
		want   livechatv1.OperatorState
	}{
		{presence.Online, 0, livechatv1.OperatorState_OPERATOR_STATE_ONLINE},
		{presence.Online, 4 * time.Minute, livechatv1.OperatorState_OPERATOR_STATE_ONLINE},
		{presence.Away, 6 * time.Minute, livechatv1.OperatorState_OPERATOR_STATE_AWAY},
		{presence.Away, idle - time.Second, livechatv1.OperatorState_OPERATOR_STATE_AWAY},
		{presence.Away, idle, livechatv1.OperatorState_OPERATOR_STATE_OFFLINE},
		{presence.Offline, 0, livechatv1.OperatorState_OPERATOR_STATE_OFFLINE},
		{presence.Unknown, 0, livechatv1.OperatorState_OPERATOR_STATE_OFFLINE},
	} {
		t.Run(fmt.Sprint(c.state, c.silent), func(t *testing.T) {
			t.Parallel()
			got := stateOf(presence.Status{State: c.state, LastActive: noon.Add(-c.silent)}, noon, idle)
			require.Equal(t, c.want, got)
		})
	}
}

// Spec: L2 L7 L9
func TestAvailableOf_ObeysLimitPresenceAndIdleness(t *testing.T) {
	t.Parallel()
	user := uuid.New()
	for name, c := range map[string]struct {
		channelLimit, ownLimit, chats, idleMinutes int32
		silent                                     time.Duration
		absent                                     bool
		want                                       bool
	}{
		"no limit":                            {chats: 500, want: true},
		"below the channel's":                 {channelLimit: 3, chats: 2, want: true},
		"at the channel's":                    {channelLimit: 3, chats: 3},
		"own limit is lower":                  {channelLimit: 3, ownLimit: 1, chats: 1},
		"own limit is higher":                 {channelLimit: 3, ownLimit: 5, chats: 4, want: true},
		"not there":                           {absent: true},
		"active enough":                       {idleMinutes: 10, silent: 9 * time.Minute, want: true},
		"idle for the channel":                {idleMinutes: 10, silent: 10 * time.Minute},
		"thirty minutes if nothing is said":   {silent: 29 * time.Minute, want: true},
		"idle after thirty minutes otherwise": {silent: 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := &db.Channel{ID: uuid.New(), ChatLimit: c.channelLimit, IdleMinutes: c.idleMinutes}
			loads := []db.OperatorLoadsRow{
				{ChannelID: channel.ID, UserID: user, ChatLimit: c.ownLimit, LimitCount: c.chats, LoadCount: c.chats, Name: "Ada"},
				{ChannelID: uuid.New(), UserID: user, Name: "of another channel"},
			}
			there := map[uuid.UUID]presence.Status{user: {State: presence.Online, LastActive: noon.Add(-c.silent)}}
			if c.absent {
				there = nil
			}
			got := availableOf(channel, loads, there, noon)
			require.Equal(t, c.want, len(got) == 1)
		})
	}
}

func TestCleanURL_KeepsWebPagesOnly(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://shop.example/cart?x=1#y":    "https://shop.example/cart?x=1#y",
		" http://shop.example/ ":             "http://shop.example/",
		"https://me:secret@shop.example/":    "https://shop.example/",
		"javascript:alert(1)":                "",
		"data:text/html,<script>":            "",
		"//shop.example/":                    "",
		"https:shop":                         "",
		"file:///etc/passwd":                 "",
		"http://[::1":                        "",
		"":                                   "",
		"https://shop.example/\u202egpj.exe": "https://shop.example/%E2%80%AEgpj.exe",
	} {
		require.Equal(t, want, cleanURL(given), given)
	}
}

func TestCleanName_IsFitToBeShown(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Ada Lovelace", cleanName("  Ada\r\n \u202eLove\u200blace\x00 "))
	require.Empty(t, cleanName("\u200b \t"))
	require.Equal(t, "山田 太郎", cleanName("山田\u3000太郎"))
}

func TestNameOf_TellsVisitorsApart(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Visitor 4F2A", nameOf(uuid.UUID{14: 0x4f, 15: 0x2a}))
}
