namespace TwoNodeHa.Core.Situation;

/// <summary>How far one step of a takeover has come. Promotion needs two successes, every other step one.</summary>
public enum StepPhase
{
    /// <summary>Nothing has succeeded yet.</summary>
    Begun = 0,

    /// <summary>The step's order succeeded; of a promotion, the role file is written.</summary>
    Done = 1,

    /// <summary>Of a promotion: the toolstack was started in its new role too.</summary>
    Restarted = 2,
}
