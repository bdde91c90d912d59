using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Drills;

/// <summary>What a drill says while it runs. Whoever listened may be gone: that must not end the drill before it has restored what it changed.</summary>
internal sealed class DrillTalk(CtlContext context, bool silent)
{
    public void Say(string sentence)
    {
        if (silent)
        {
            return;
        }

        try
        {
            foreach (var line in DrillText.Lines(context.Screen.Shown(Words.Printable(sentence)), context.Screen))
            {
                context.Out.WriteLine(line);
            }

            context.Out.Flush();
        }
        catch (IOException)
        {
            // The terminal is gone.
        }
    }
}
