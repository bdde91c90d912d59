using System.Collections.Immutable;

namespace TwoNodeHa.Core.Situation;

/// <summary>A command whose answer has not come.</summary>
/// <param name="Id">Id of the command.</param>
/// <param name="Purpose">What the answer is waited for.</param>
/// <param name="Vm">VM that it is about; empty for none.</param>
/// <param name="Domid">Domain that it is about; 0 for none.</param>
public readonly record struct PendingCommand(long Id, Purpose Purpose, Guid Vm, int Domid);

/// <summary>Commands whose answers have not come: the one place that knows what an id was ordered for.</summary>
public sealed record PendingBook
{
    /// <summary>Newest command id.</summary>
    public long LastId { get; init; }

    /// <summary>Commands without an answer, by ascending id.</summary>
    public ImmutableArray<PendingCommand> Open { get; init; } = [];

    /// <summary>Answers to ids that were never given out in this incarnation, or were answered before.</summary>
    public long Unknown { get; init; }

    /// <summary>An answer is waited for with this purpose.</summary>
    public bool Has(Purpose purpose) => IdOf(purpose) != 0;

    /// <summary>Id of the newest command with this purpose; 0 when there is none.</summary>
    public long IdOf(Purpose purpose)
    {
        for (var i = Open.Length - 1; i >= 0; i--)
        {
            if (Open[i].Purpose == purpose)
            {
                return Open[i].Id;
            }
        }

        return 0;
    }

    /// <summary>Id of the newest command with this purpose for a VM; 0 when there is none.</summary>
    public long IdOf(Purpose purpose, Guid vm)
    {
        for (var i = Open.Length - 1; i >= 0; i--)
        {
            if (Open[i].Purpose == purpose && Open[i].Vm == vm)
            {
                return Open[i].Id;
            }
        }

        return 0;
    }

    /// <summary>How many answers are waited for with this purpose.</summary>
    public int Count(Purpose purpose)
    {
        var count = 0;
        foreach (var command in Open)
        {
            count += command.Purpose == purpose ? 1 : 0;
        }

        return count;
    }

    /// <summary>The command with this id; null when none is open.</summary>
    public PendingCommand? Find(long id)
    {
        foreach (var command in Open)
        {
            if (command.Id == id)
            {
                return command;
            }
        }

        return null;
    }

    /// <summary>With one more command.</summary>
    public PendingBook With(PendingCommand command) => this with { LastId = command.Id, Open = Open.Add(command) };

    /// <summary>Without a command that was answered.</summary>
    public PendingBook Without(PendingCommand command) => this with { Open = Open.Remove(command) };

    /// <summary>The answers to these will come, and nobody waits for them any more.</summary>
    public PendingBook Abandon(Purpose purpose)
    {
        var open = Open;
        for (var i = 0; i < open.Length; i++)
        {
            if (open[i].Purpose == purpose)
            {
                open = open.SetItem(i, open[i] with { Purpose = Purpose.Nothing });
            }
        }

        return open == Open ? this : this with { Open = open };
    }
}
