using Xunit;
using TwoNodeHa.Ctl.Remote;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>Programs of a host as a test says, and what was asked of them.</summary>
internal sealed class FakePrograms(Func<string, ProgramResult> answer) : IPrograms
{
    /// <summary>Program and arguments, joined by spaces.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>What was fed to each.</summary>
    public List<string> Inputs { get; } = [];

    public static ProgramResult Done(string output = "") => new(0, output, "");

    public static ProgramResult Failed(int code, string error) => new(code, "", error);

    public ProgramResult Run(string program, IReadOnlyList<string> arguments, string input, TimeSpan limit)
    {
        Assert.True(limit > TimeSpan.Zero && limit <= TimeSpan.FromMinutes(5), "unbounded");
        var line = program + " " + string.Join(' ', arguments);
        Lines.Add(line);
        Inputs.Add(input);
        return answer(line);
    }
}
