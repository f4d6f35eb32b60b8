package script

import (
	"fmt"
	"slices"
	"strings"

	"kinwire/client/rehearse"
)

// conditions are what a step may wait for, as it is written after the name of
// a participant.
var conditions = []Choice{
	{rehearse.Rings, "a call rings at this device, and it has neither answered nor declined"},
	{rehearse.Connected, "the connection of its media is up"},
	{rehearse.InCall, "it has joined a call that has been answered"},
	{rehearse.Ended, "it was called or in a call, and that is over for it"},
	{rehearse.Hears, "sound of another participant, named after it, has come in the last second"},
	{rehearse.Sees, "a picture of another participant, named after it, has come in the last second"},
}

// Conditions lists what a step may wait for. The caller may keep it.
func Conditions() []Choice { return slices.Clone(conditions) }

// parseCondition reads such as "leo rings" and "leo hears mia".
func parseCondition(text string, names []string) (rehearse.Condition, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return rehearse.Condition{}, fmt.Errorf("given %q; allowed: a participant and one of %s", printable(text), strings.Join(choiceNames(conditions), ", "))
	}
	c := rehearse.Condition{Who: words[0]}
	if !slices.Contains(names, c.Who) {
		return c, fmt.Errorf("%s", noSuch("participant", c.Who, names))
	}
	rest := strings.Join(words[1:], " ")
	if last := len(words) - 1; words[1] == rehearse.Hears || words[1] == rehearse.Sees {
		c.Is = words[1]
		if last != 2 {
			return c, fmt.Errorf("given %q; allowed: %s %s and one other participant", printable(text), c.Who, c.Is)
		}
		c.Whom = words[2]
		if !slices.Contains(names, c.Whom) {
			return c, fmt.Errorf("%s", noSuch("participant", c.Whom, names))
		}
		if c.Whom == c.Who {
			return c, fmt.Errorf("given %q; allowed: another participant than %s", printable(text), c.Who)
		}
		return c, nil
	}
	if !slices.Contains(choiceNames(conditions), rest) {
		return c, fmt.Errorf("%s", noSuch("condition", rest, choiceNames(conditions)))
	}
	c.Is = rest
	return c, nil
}
