using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Hypervisor;

namespace TwoNodeHa.Daemon.Tests.Hypervisor;

public sealed class DomainListTests
{
    private const string Header = "id |                                 uuid |  state\n";
    private const string Dom0 = "0  | 00000000-0000-0000-0000-000000000000 |     R \n";
    private const string Guest = "17 | 1b3b5d7f-0000-4000-8000-000000000017 |    B H\n";
    private static readonly DomainFact GuestFact = new(17, Guid.Parse("1b3b5d7f-0000-4000-8000-000000000017"));

    public static TheoryData<string, int> Good => new()
    {
        { Header + Dom0, 0 },
        { Header + Dom0 + Guest, 1 },
        { Header + Guest + Dom0, 1 },
        { Dom0 + Guest, 1 },
        { Header + Dom0 + Guest.TrimEnd('\n'), 1 },
        { Header + "\n\n" + Dom0 + "\n" + Guest + "\n", 1 },
        { (Header + Dom0 + Guest).Replace("\n", "\r\n", StringComparison.Ordinal), 1 },
        { "id | uuid | state | more\n" + Dom0 + Guest, 1 },
        { "id|uuid|state\n0|00000000-0000-0000-0000-000000000000|R\n17|1b3b5d7f-0000-4000-8000-000000000017|B\n", 1 },
        { Header + Dom0 + Guest + Guest, 2 },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void A_list_that_is_understood_gives_its_guests(string output, int guests)
    {
        var (facts, trouble) = DomainList.Parse(output);
        Assert.Equal("", trouble);
        Assert.Equal(Enumerable.Repeat(GuestFact, guests), facts.AsEnumerable());
    }

    /// <summary>The letters of list_domains: whatever else stands there, "dying" comes first, then "shut down", then "paused".</summary>
    [Theory]
    [InlineData("R", DomainState.Running)]
    [InlineData("B H", DomainState.Running)]
    [InlineData("P H", DomainState.Paused)]
    [InlineData("B S H", DomainState.Shutdown)]
    [InlineData("C P H", DomainState.Shutdown)]
    [InlineData("D H", DomainState.Dying)]
    [InlineData("d s p", DomainState.Dying)]
    public void A_domain_counts_until_it_is_gone_and_its_letters_tell_how_it_is(string letters, DomainState state)
    {
        var (facts, trouble) = DomainList.Parse(Header + Dom0 + $"17 | 1b3b5d7f-0000-4000-8000-000000000017 | {letters}\n");
        Assert.Equal(("", GuestFact with { State = state }), (trouble, Assert.Single(facts)));
    }

    [Theory]
    [InlineData("", "dom0")]
    [InlineData("\n \n", "dom0")]
    [InlineData(Header, "dom0")]
    [InlineData(Header + Guest, "dom0")]
    [InlineData(Header + Dom0 + "Error: something\n", "Error: something")]
    [InlineData(Header + Dom0 + "17 | not-a-uuid | R\n", "not-a-uuid")]
    [InlineData(Header + Dom0 + "17 | 1b3b5d7f-0000-4000-8000-000000000017\n", "17 |")]
    [InlineData(Header + Dom0 + "-1 | 1b3b5d7f-0000-4000-8000-000000000017 | R\n", "-1 |")]
    [InlineData(Header + Dom0 + "99999999999 | 1b3b5d7f-0000-4000-8000-000000000017 | R\n", "99999999999")]
    [InlineData(Header + Dom0 + " | | \n", "not understood")]
    public void What_is_not_understood_is_never_an_empty_list(string output, string named)
    {
        var (facts, trouble) = DomainList.Parse(output);
        Assert.Empty(facts);
        Assert.Contains(named, trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_list_that_was_torn_inside_a_line_is_refused_or_shows_no_guest_that_is_not_there()
    {
        const string Whole = Header + Guest + Dom0;
        for (var length = 0; length < Whole.Length; length++)
        {
            var (facts, trouble) = DomainList.Parse(Whole[..length]);

            // dom0 comes last here, so that a torn list can look whole only once everything before it was read.
            Assert.True(trouble.Length > 0 || facts.Length == 1, $"torn at {length}: {facts.Length} guests, no trouble");
        }
    }
}
