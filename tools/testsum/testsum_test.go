package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportGo(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		events string
		want   counts
		shown  []string
	}{
		"CountsInnermostTests": {
			events: `
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Elapsed":1.5}`,
			want:  counts{passed: 3},
			shown: []string{"ok    p 1.5s: 3 passed, 0 failed"},
		},
		"ShowsFailuresInFullWithTheirParents": {
			events: `
{"Action":"output","Package":"p","Test":"TestA","Output":"server started\n"}
{"Action":"output","Package":"p","Test":"TestA/one","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			want:  counts{passed: 1, failed: 1},
			shown: []string{"FAIL  p TestA/one\nserver started\ngot 1, want 2\n"},
		},
		"CountsAParentThatFailsByItself": {
			events: `
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			want: counts{passed: 1, failed: 1},
		},
		"CountsATestThatNeverEnded": {
			events: `
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`,
			want:  counts{passed: 1, failed: 1},
			shown: []string{"FAIL  p TestB\npanic: boom\n"},
		},
		"CountsAPackageThatDoesNotBuild": {
			events: `
{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			want:  counts{failed: 1},
			shown: []string{"FAIL  p\np.go:1: undefined: x\n"},
		},
		"NamesSkippedTestsAndCountsThemAsNeither": {
			events: `
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
{"Action":"skip","Package":"no/tests"}`,
			shown: []string{"skip  p TestA"},
		},
		"PassesOnWhatIsNoEvent": {
			events: "go: no such package\n",
			shown:  []string{"go: no such package"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			got, err := reportGo(&out, strings.NewReader(strings.TrimPrefix(c.events, "\n")))
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			for _, text := range c.shown {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is not in:\n%s", text, &out)
				}
			}
		})
	}
}

func TestCountVitest_CountsAFileThatDidNotLoad(t *testing.T) {
	t.Parallel()
	got, err := countVitest([]byte(`{"testResults":[
		{"status":"passed","assertionResults":[{"status":"passed"},{"status":"passed"},{"status":"pending"}]},
		{"status":"failed","assertionResults":[{"status":"passed"},{"status":"failed"}]},
		{"status":"failed","assertionResults":[]}]}`))
	if want := (counts{passed: 3, failed: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestRun_SumsStepsAndCommandsThatCannotRun(t *testing.T) {
	t.Parallel()
	tally := filepath.Join(t.TempDir(), "tally")
	var out bytes.Buffer
	for _, work := range [][]string{
		{"step", "good", "true"},
		{"step", "bad", "sh", "-c", "echo why; exit 3"},
		{"step", "empty"},
		{"go", "no-such-command"},
		{"go", "false"},
		{"vitest", "true"},
	} {
		if _, err := run(&out, work[0], tally, work[1:]); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := run(&out, "total", tally, nil)
	if want := (counts{passed: 1, failed: 5}); err != nil || sum != want {
		t.Errorf("got %+v, %v; want %+v", sum, err, want)
	}
	for _, text := range []string{"ok    good\n", "why\nFAIL  bad: exit status 3\n", "\n1 passed, 5 failed\n"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is not in:\n%s", text, &out)
		}
	}
}
